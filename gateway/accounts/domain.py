"""Accounts and sessions. Pure: no input or output."""

import hashlib
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationInfo, field_validator

from services.common.catalogue import Language
from services.common.contracts.base import Text
from services.common.contracts.intake import Who
from services.common.domain.identifiers import clean_niss, keyed_id, valid_niss
from services.common.http.field_errors import refuse
from services.common.legal_clock import Place
from services.common.text import nfc, one_line
from services.common.text.email_addresses import MAX_EMAIL, NotAnAddress, parse_email_address
from services.common.text.validators import cleaned

SESSION_LIFETIME: Final = timedelta(hours=8)

LONGEST_PASSWORD: Final = 256
"""Characters."""

AccountKind = Literal["person", "company"]

Flag = Literal["strategic-contributor"]
"""What rules need to know about an account besides its kind and place: a large employer."""


def _validate_niss(value: str) -> str:
    if not valid_niss(value):
        raise refuse("niss")
    return value


def _validate_email(value: str) -> str:
    try:
        return parse_email_address(value).readable
    except NotAnAddress as error:
        raise refuse(error.code) from None


def _distinct(flags: tuple[Flag, ...]) -> tuple[Flag, ...]:
    if len(set(flags)) != len(flags):
        raise refuse("repeated")
    return flags


def _password_length(shortest: int) -> AfterValidator:
    """Counts the characters of the composed form: other keyboards may send an accent as a character of its own."""

    def validate(value: str) -> str:
        if len(nfc(value)) < shortest:
            raise refuse("required") if shortest == 1 else refuse("too_short", min_length=shortest)
        if len(nfc(value)) > LONGEST_PASSWORD:
            raise refuse("too_long", max_length=LONGEST_PASSWORD)
        return value

    return AfterValidator(validate)


Niss = Annotated[str, AfterValidator(_validate_niss), cleaned(clean_niss)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200), cleaned(one_line)]
Email = Annotated[str, AfterValidator(_validate_email), Field(json_schema_extra={"maxLength": MAX_EMAIL})]
"""Kept as people read it. The mail is addressed to its ASCII form, which `parse_email_address` gives then too."""

Password = Annotated[
    Text, _password_length(1), Field(json_schema_extra={"minLength": 1, "maxLength": LONGEST_PASSWORD})
]
"""As it was typed: `passwords` compares its Unicode forms."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Account(_Frozen):
    """The identity of a person or company, and the hash of their password. `place` is where they live, coarsely; None is the
    mainland.
    """

    account_id: UUID
    niss: str
    kind: AccountKind
    name: str
    email: str
    language: Language
    password_hash: str
    place: str | None = None
    flags: tuple[str, ...] = ()

    @property
    def who(self) -> Who:
        return "E" if self.kind == "company" else "P"

    @property
    def password_version(self) -> str:
        return password_version_of(self.password_hash)


class Session(_Frozen):
    """What a signed-in request knows about its sender: opaque ids and what rules need, no identity. Sessions of older versions
    have no `place` and no `flags`.
    """

    account_id: UUID
    actor_id: UUID
    """The person who acts. Today it equals `account_id`; a company's account may later have several actors."""
    who: Who
    language: Language
    expires_at: datetime
    place: str | None = None
    flags: tuple[str, ...] = ()


class StoredSession(_Frozen):
    """A session and what else the store knows about it. `password_version`: that of the account when the session began."""

    session: Session
    last_used_at: datetime
    password_version: str | None

    @property
    def created_at(self) -> datetime:
        return self.session.expires_at - SESSION_LIFETIME


class NewAccount(_Frozen):
    """One line of `postigo accounts import`."""

    model_config = ConfigDict(extra="forbid")

    niss: Niss
    password: Annotated[Text, _password_length(12)]
    name: Name
    email: Email
    language: Language = "pt"
    kind: AccountKind
    place: Place | None = None
    flags: Annotated[tuple[Flag, ...], AfterValidator(_distinct)] = ()

    @field_validator("kind")
    @classmethod
    def _matches_niss(cls, kind: AccountKind, info: ValidationInfo) -> AccountKind:
        """A rule of the field, not of the model: it is then reported together with errors of other fields."""
        if info.data.get("niss", "")[:1] not in ("", {"person": "1", "company": "2"}[kind]):
            raise refuse("niss_kind")
        return kind


class DeletedAccount(_Frozen):
    """A line of `postigo accounts import` that deletes an account."""

    model_config = ConfigDict(extra="forbid")

    niss: Niss
    deleted: Literal[True]


class Credentials(BaseModel):
    """What a person types to sign in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    niss: Annotated[Niss, Field(description="Social-security number, 11 digits.", examples=["12345678910"])]
    password: Password


def account_id_of(secret: bytes, niss: str) -> UUID:
    """The opaque account id that derives from a NISS: the same NISS always gives the same id."""
    return keyed_id(secret, b"account", niss.encode())


def session_id_of(token_hash: str) -> UUID:
    """The id by which the owner names a session. Nobody can make a token from it."""
    return UUID(token_hash[:32])


def password_version_of(password_hash: str) -> str:
    """Changes with the password: a session that began with another one has ended."""
    return hashlib.sha256(password_hash.encode()).hexdigest()[:32]


def session_for(account: Account, now: datetime) -> StoredSession:
    session = Session(
        account_id=account.account_id,
        actor_id=account.account_id,
        who=account.who,
        language=account.language,
        expires_at=now + SESSION_LIFETIME,
        place=account.place,
        flags=account.flags,
    )
    return StoredSession(session=session, last_used_at=now, password_version=account.password_version)
