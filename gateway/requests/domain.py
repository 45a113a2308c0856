"""Events of submissions and acts, and the ids that derive from them. Pure: no input or output."""

import hashlib
import json
from collections.abc import Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from gateway.accounts.domain import Session
from gateway.requests.answers import answer_errors, answers_in_words
from gateway.requests.receipts import Receipt
from gateway.requests.schemas import NewAct, NewMessage, NewRating, NewReopening, NewRequest
from gateway.requests.status import status_of
from gateway.requests.view import RequestView
from services.common.catalogue import Catalogue, Language
from services.common.contracts.asked import AskedItem, ItemDelivery, ItemState
from services.common.contracts.intake import (
    Act,
    LinkedRequest,
    Rated,
    Reopened,
    RequestReplied,
    RequestSubmitted,
    Withdrawn,
)
from services.common.contracts.internal import DocumentResponse
from services.common.domain.identifiers import derived_text, keyed_id, reference_of
from services.common.http.field_errors import FieldError

_canonical: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode


def sending_errors(catalogue: Catalogue, new: NewRequest, session: Session, today: date) -> list[FieldError]:
    """The errors of a subject or a reason that the catalogue does not have any more, or that is not open to this sender, a person or a
    company; and of answers to its questions.
    """
    subject = catalogue.subject(new.subject)
    if subject is None:
        return [FieldError("unknown_subject", "/subject")]
    if new.reason not in subject.reasons:
        return [FieldError("unknown_reason", "/reason")]
    if not subject.open_to(session.who):
        return [FieldError("persons_only" if session.who == "E" else "companies_only", "/subject")]
    return answer_errors(new.subject, new.reason, new.answers, today)


def fingerprint(body: Any) -> bytes:
    """SHA-256 of the canonical JSON of the body as received, so that a new optional field does not change old ids."""
    return hashlib.sha256(_canonical(body).encode()).digest()


def request_id_of(secret: bytes, session: Session, key: str, body_fingerprint: bytes) -> UUID:
    """The request id. Every replica derives the same id from the same sender, key and body."""
    owner, actor = session.account_id.bytes, session.actor_id.bytes
    return keyed_id(secret, b"request", owner, actor, key.encode(), body_fingerprint)


def act_id_of(secret: bytes, session: Session, key: str, body_fingerprint: bytes, act: Act) -> UUID:
    """The act id. It derives like a request id, and also from the type of the act and the request."""
    owner, actor, request = session.account_id.bytes, session.actor_id.bytes, act.request_id.bytes
    return keyed_id(secret, b"act", act.TYPE.encode(), request, owner, actor, key.encode(), body_fingerprint)


def key_id_of(session: Session, key: str) -> bytes:
    """The key under which this replica remembers the sender's idempotency key: 16 bytes, whatever its length."""
    sender = session.account_id.bytes + session.actor_id.bytes
    return hashlib.sha256(sender + key.encode()).digest()[:16]


def submission_event(
    request_id: UUID,
    new: NewRequest,
    session: Session,
    headers_language: Language | None,
    catalogue: Catalogue,
    linked: LinkedRequest | None = None,
    *,
    restricted: bool = False,
) -> RequestSubmitted:
    """The event to publish for a submission. Its language is the one it was filed in, not that of the account. It is restricted if
    its reason is, or if `restricted`: the request that it is linked to is.
    """
    language: Language = new.language or headers_language or session.language
    return RequestSubmitted(
        request_id=request_id,
        reference=reference_of(request_id),
        account_id=session.account_id,
        actor_id=session.actor_id,
        who=session.who,
        subject=new.subject,
        reason=new.reason,
        catalogue_version=catalogue.version,
        language=language,
        description=new.description,
        documents=new.documents,
        place=session.place,
        flags=session.flags,
        linked=linked,
        answers=answers_in_words(new.subject, new.reason, new.answers, language),
        restricted=restricted or catalogue.is_restricted(new.reason),
    )


def linked_request(receipt: Receipt, view: RequestView | None, catalogue: Catalogue) -> LinkedRequest:
    """An earlier request as its author sees it now. Until a department has it, it is with the one that handles its subject."""
    department = (view and view.department) or catalogue.department_of(receipt.subject)
    overdue = view is not None and status_of(view).overdue
    return LinkedRequest(reference=receipt.reference, department=department, overdue=overdue)


def wrong_items(message: NewMessage, asked: Sequence[AskedItem]) -> list[FieldError]:
    """The errors of deliveries for documents that were not asked for, or that were received already. None while the view has no
    asked documents: it may be behind.
    """
    states = {item.number: item.state for item in asked}
    errors = []
    for index, each in enumerate(message.items):
        if states and each.item not in states:
            errors.append(FieldError("unknown_item", f"/items/{index}/item"))
        elif states.get(each.item) is ItemState.RECEIVED:
            errors.append(FieldError("received_item", f"/items/{index}/item"))
    return errors


def other_formats(
    message: NewMessage, asked: Sequence[AskedItem], documents: Sequence[DocumentResponse]
) -> list[FieldError]:
    """The errors of files that are in none of the formats that were asked for their item."""
    formats = {item.number: item.formats for item in asked}
    media_types = {each.document_id: each.media_type for each in documents}
    errors = []
    for each in message.items:
        accepted = formats.get(each.item, ())
        for document in each.documents:
            media_type = media_types.get(document)
            if accepted and media_type is not None and media_type not in accepted:
                errors.append(FieldError("media_type", message.pointers[document], names=accepted))
    return errors


def act_of(body: NewAct, request_id: UUID, session: Session) -> Act:
    """The event to publish for an act. It is not validated again: every part was validated with the body."""
    identity: dict[str, Any] = {
        "request_id": request_id,
        "reference": reference_of(request_id),
        "account_id": session.account_id,
        "actor_id": session.actor_id,
    }
    if isinstance(body, NewMessage):
        items = tuple(ItemDelivery(item=each.item, documents=each.documents) for each in body.items)
        return RequestReplied.model_construct(**identity, text=body.text, documents=tuple(body.pointers), items=items)
    if isinstance(body, NewReopening):
        return Reopened.model_construct(**identity, text=body.text, documents=body.documents)
    if isinstance(body, NewRating):
        return Rated.model_construct(**identity, score=body.score, text=body.text)
    return Withdrawn.model_construct(**identity)


def event_id_of(event: RequestSubmitted) -> str:
    """The event id. A retry has the same one, so intake drops it as a duplicate, even if its bytes differ."""
    return derived_text("gateway", event.request_id.hex, "submitted")
