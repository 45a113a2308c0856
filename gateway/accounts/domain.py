"""Accounts and sessions. Pure: no input or output."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from services.common.catalogue import Language
from services.common.contracts.base import Text
from services.common.contracts.intake import Who
from services.common.domain.identifiers import keyed_id, valid_niss
from services.common.http.field_errors import refuse

SESSION_LIFETIME: Final = timedelta(hours=8)

AccountKind = Literal["person", "company"]


def _validate_niss(value: str) -> str:
    if not valid_niss(value):
        raise refuse("niss")
    return value


def _remove_spaces(value: object) -> object:
    return "".join(value.split()) if isinstance(value, str) else value


Niss = Annotated[str, BeforeValidator(_remove_spaces), AfterValidator(_validate_niss)]
Password = Annotated[Text, StringConstraints(min_length=1, max_length=256)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Account(_Frozen):
    """The identity of a person or company, and the hash of their password."""

    account_id: UUID
    niss: str
    kind: AccountKind
    name: str
    email: str
    language: Language
    password_hash: str

    @property
    def who(self) -> Who:
        return "E" if self.kind == "company" else "P"


class Session(_Frozen):
    """What a signed-in request knows about its sender: opaque ids only, no identity."""

    account_id: UUID
    actor_id: UUID
    """The person who acts. Today it equals `account_id`; a company's account may later have several actors."""
    who: Who
    language: Language
    expires_at: datetime


class NewAccount(_Frozen):
    """One input line of `python -m gateway.accounts`."""

    niss: Niss
    password: Annotated[Password, StringConstraints(min_length=12)]
    name: Annotated[Text, StringConstraints(min_length=1, max_length=200)]
    email: Annotated[Text, StringConstraints(max_length=254, pattern=r"^[^@\s]+@[^@\s]+$")]
    language: Language = "pt"
    kind: AccountKind

    @model_validator(mode="after")
    def _niss_matches_kind(self) -> Self:
        if self.niss[0] != {"person": "1", "company": "2"}[self.kind]:
            raise refuse("niss")
        return self


class Credentials(BaseModel):
    """What a person types to sign in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    niss: Annotated[Niss, Field(description="Social-security number, 11 digits.", examples=["12345678910"])]
    password: Password


def account_id_of(secret: bytes, niss: str) -> UUID:
    """The opaque account id that derives from a NISS: the same NISS always gives the same id."""
    return keyed_id(secret, b"account", niss.encode())


def new_token() -> str:
    """A session token: 256 random bits."""
    return secrets.token_urlsafe(32)


def hash_of(token: str) -> str:
    """The SHA-256 of a token, stored instead of the token. Tokens are random, so they need no salt or slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


def session_for(account: Account, now: datetime) -> Session:
    return Session(
        account_id=account.account_id,
        actor_id=account.account_id,
        who=account.who,
        language=account.language,
        expires_at=now + SESSION_LIFETIME,
    )
