"""What is filed, and the ids that derive from it: pure rules."""

import hashlib
import json
from typing import Any, Final
from uuid import UUID

from gateway.accounts.domain import Session
from gateway.requests.schemas import NewMessage, NewRequest, NewWithdrawal
from services.common.catalogue import Catalogue
from services.common.contracts.intake import Act, RequestReplied, RequestSubmitted, Withdrawn
from services.common.domain.identifiers import derived_text, keyed_id, reference_of
from services.common.http.field_errors import FieldError

_canonical: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode


def leaf_error(catalogue: Catalogue, new: NewRequest, session: Session) -> FieldError | None:
    """What is wrong with the subject or the reason: the catalogue lacks it, or it is not for this sender."""
    subject = catalogue.subject(new.subject)
    if subject is None:
        return FieldError("unknown_subject", "/subject")
    if new.reason not in subject.reasons:
        return FieldError("unknown_reason", "/reason")
    if not subject.open_to(session.who):
        return FieldError("persons_only" if session.who == "E" else "companies_only", "/subject")
    return None


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
