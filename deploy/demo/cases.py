"""A run of the demonstration: a submission for each row of its requests."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from secrets import token_hex
from uuid import UUID

from deploy.demo.data import DemoAccount, DemoRequest
from deploy.verification.evidence import Submission


@dataclass(frozen=True, slots=True)
class Run:
    """One run: its id and its requests. Two runs never use the same idempotency key."""

    id: str
    accounts: Mapping[str, DemoAccount]
    rows: Sequence[DemoRequest]

    @classmethod
    def new(cls, accounts: Sequence[DemoAccount], rows: Sequence[DemoRequest]) -> "Run":
        identifier = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{token_hex(3)}"
        return cls(identifier, {account.key: account for account in accounts}, rows)

    def __str__(self) -> str:
        files = sum(len(row.files) for row in self.rows)
        authors = f"{len(self.accounts)} people and companies"
        return f"{authors} file {len(self.rows)} requests with {files} files, for {len(self.departments)} departments."

    @property
    def departments(self) -> list[str]:
        """The codes of the departments that get requests."""
        return sorted({row.department for row in self.rows})

    def key(self, *parts: int | str) -> str:
        """The `Idempotency-Key` of one HTTP request: the same for its retries, different in every run."""
        return "-".join(("demo", self.id, *map(str, parts)))


def submission_of(number: int, row: DemoRequest, account: DemoAccount, account_id: UUID) -> Submission:
    """A submission before it is sent: without files, acts and reference."""
    return Submission(
        number=number,
        account=account.key,
        account_id=account_id,
        email=account.email,
        subject=row.subject,
        reason=row.reason,
        description=row.description,
        department=row.department,
    )


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
