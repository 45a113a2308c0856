"""What one run files: a submission for each row of the demonstration's requests."""

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
    """One run: what it is called, and what it files. No two runs share a key."""

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
        """The codes of the departments that get something."""
        return sorted({row.department for row in self.rows})

    def key(self, *parts: int | str) -> str:
        """The `Idempotency-Key` of one sending: the same for its repetitions, in this run only."""
        return "-".join(("demo", self.id, *map(str, parts)))


def submission_of(number: int, row: DemoRequest, account: DemoAccount, account_id: UUID) -> Submission:
    """What its author is about to send: without files, acts or a reference yet."""
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
