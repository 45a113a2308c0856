"""What is filed, and the ids it derives: pure rules."""

import hashlib
import json
import re
import unicodedata
from typing import Annotated, Any, ClassVar, Final, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from gateway.accounts.domain import Session
from services.common.catalogue import Catalogue, Language
from services.common.contracts.base import Code, Prose
from services.common.contracts.intake import Act, RequestReplied, RequestSubmitted, Withdrawn
from services.common.identifiers import derived_text, keyed_id, reference_of
from services.common.web import kinds
from services.common.web.claims import DocumentIds
from services.common.web.field_errors import FieldError, refuse
from services.common.web.problems import Problem

KEY_LENGTH: Final = range(16, 256)
_KEY: Final = re.compile("[!-~]+")

_UNSEEN: Final = frozenset({"Cc", "Cf", "Mn", "Zl", "Zp", "Zs"})
_BLANK: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Categories of characters, and single letters and symbols, that leave nothing on a page by themselves."""

_canonical: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode


def _visible(text: str) -> str:
    if all(unicodedata.category(character) in _UNSEEN or character in _BLANK for character in text):
        raise refuse("blank")
    return text


Visible = Annotated[Prose, AfterValidator(_visible)]


class Sent(BaseModel):
    """A body as people send it. Where it `MAY_BE_ABSENT`, none means `{}`."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    MAY_BE_ABSENT: ClassVar[bool] = False


class NewRequest(Sent):
    """A request as a person files it: what about, why, and in their own words."""

    subject: Annotated[Code, Field(description="From the catalogue.", examples=["FAM-01"])]
    reason: Annotated[Code, Field(description="One of the subject's reasons.", examples=["INF"])]
    description: Annotated[Visible, Field(description="Plain words, at most 4 000 characters.")]
    documents: Annotated[DocumentIds, Field(description="Ids of files sent before, each used in one request.")] = ()
    language: Annotated[Language | None, Field(description="The language of the answer; the account's by default.")] = (
        None
    )


class NewMessage(Sent):
    """What a person adds to a request of theirs: words, files, or both."""

    text: Annotated[Visible | None, Field(description="Plain words, at most 4 000 characters.")] = None
    documents: Annotated[DocumentIds, Field(description="Ids of files sent before, each used in one request.")] = ()

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.text is None and not self.documents:
            raise refuse("nothing_said")
        return self


class NewWithdrawal(Sent):
    """Nothing more is to be said: the body is `{}`, or none."""

    MAY_BE_ABSENT = True


def require_key(typed: str) -> str:
    """The `Idempotency-Key`: 16 to 255 visible ASCII characters."""
    if len(typed) not in KEY_LENGTH or not _KEY.fullmatch(typed):
        raise Problem(kinds.IDEMPOTENCY_KEY)
    return typed


def require_leaf(catalogue: Catalogue, filed: NewRequest, session: Session) -> None:
    """Refuse a subject or reason that the catalogue lacks, or that is not for this sender."""
    subject = catalogue.subject(filed.subject)
    if subject is None:
        raise Problem(kinds.INVALID, FieldError("unknown_subject", "/subject"))
    if filed.reason not in subject.reasons:
        raise Problem(kinds.INVALID, FieldError("unknown_reason", "/reason"))
    if not subject.open_to(session.who):
        code = "persons_only" if session.who == "E" else "companies_only"
        raise Problem(kinds.INVALID, FieldError(code, "/subject"))


def fingerprint(body: Any) -> bytes:
    """SHA-256 of the canonical JSON of the body as received, so that no new field of ours changes an old id."""
    return hashlib.sha256(_canonical(body).encode()).digest()


def request_id_of(secret: bytes, session: Session, key: str, body_fingerprint: bytes) -> UUID:
    """The same for whoever receives the same sending again, on whichever replica."""
    owner, actor = session.account_id.bytes, session.actor_id.bytes
    return keyed_id(secret, b"request", owner, actor, key.encode(), body_fingerprint)


def act_id_of(secret: bytes, session: Session, key: str, body_fingerprint: bytes, act: Act) -> UUID:
    """As a request's id, and of what was done to which request."""
    owner, actor, request = session.account_id.bytes, session.actor_id.bytes, act.request_id.bytes
    return keyed_id(secret, b"act", act.TYPE.encode(), request, owner, actor, key.encode(), body_fingerprint)


def key_id_of(session: Session, key: str) -> bytes:
    """What this sender's key is remembered under: 16 bytes, however long the key."""
    sender = session.account_id.bytes + session.actor_id.bytes
    return hashlib.sha256(sender + key.encode()).digest()[:16]


def submitted(request_id: UUID, filed: NewRequest, session: Session, version: int) -> RequestSubmitted:
    """The fact to say. Every part was validated with the body; to do it again costs half of what it costs not to."""
    return RequestSubmitted(
        request_id=request_id,
        reference=reference_of(request_id),
        account_id=session.account_id,
        actor_id=session.actor_id,
        who=session.who,
        subject=filed.subject,
        reason=filed.reason,
        catalogue_version=version,
        language=filed.language or session.language,
        description=filed.description,
        documents=filed.documents,
    )


def act_of(asked: NewMessage | NewWithdrawal, request_id: UUID, session: Session) -> RequestReplied | Withdrawn:
    """The act to say; every part was validated with the body."""
    names: dict[str, Any] = {
        "request_id": request_id,
        "reference": reference_of(request_id),
        "account_id": session.account_id,
        "actor_id": session.actor_id,
    }
    if isinstance(asked, NewWithdrawal):
        return Withdrawn.model_construct(**names)
    return RequestReplied.model_construct(**names, text=asked.text, documents=asked.documents)


def event_id_of(event: RequestSubmitted) -> str:
    """A repetition has the same id, unless a new catalogue or language made it other bytes: then it is another record
    of the same request, which changes nothing downstream.
    """
    return derived_text("gateway", event.request_id.hex, "submitted", event.catalogue_version, event.language)
