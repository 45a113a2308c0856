"""What one run files: a case for each row, known from then on by its reference."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file as it was sent; `sha256` in hexadecimal, over the bytes that left here."""

    document_id: UUID
    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Act:
    """What the author did once the request was filed: they wrote `text`, or took it back."""

    act_id: UUID
    text: str | None = None
    attachments: tuple[Attachment, ...] = ()

    @property
    def documents(self) -> tuple[UUID, ...]:
        return tuple(attachment.document_id for attachment in self.attachments)


@dataclass(frozen=True, slots=True)
class Case:
    """A request that was filed, by what its author was given for it."""

    row: DemoRequest
    account: DemoAccount
    account_id: UUID
    reference: str
    request_id: UUID
    attachments: tuple[Attachment, ...] = field(default=())
    acts: tuple[Act, ...] = field(default=())

    @property
    def files(self) -> tuple[Attachment, ...]:
        """All that its author attached, at filing and later."""
        return (*self.attachments, *(file for act in self.acts for file in act.attachments))

    @property
    def documents(self) -> tuple[UUID, ...]:
        return tuple(attachment.document_id for attachment in self.attachments)


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
