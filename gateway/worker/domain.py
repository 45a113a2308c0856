"""Merging facts into a view. A merge is a join: repeated, late and reordered facts end in the same view."""

from typing import Any, Final

from gateway.requests.view import RequestView, TimelineFact, seq_key
from services.common.contracts import Fact
from services.common.contracts.base import TYPE_PREFIX, Event
from services.common.contracts.deliveries import DeliveryFact, DeliveryFailed, DeliverySkipped
from services.common.contracts.intake import RequestSubmitted
from services.common.contracts.lifecycle import (
    ActRefused,
    DocumentAccepted,
    DocumentRefused,
    LifecycleFact,
    MessageAdded,
    RequestAnswered,
    RequestInAnalysis,
    RequestRegistered,
    RequestRejected,
    RequestRouted,
    RequestWithdrawn,
)
from services.common.domain.received import Received

SHOWN: Final[dict[type[Event], dict[str, str]]] = {
    RequestRouted: {"department": "department"},
    RequestInAnalysis: {"department": "department"},
    RequestAnswered: {"department": "department", "text": "text"},
    RequestRejected: {"department": "department", "text": "text"},
    DocumentAccepted: {"document_id": "document_id", "document_name": "name"},
    DocumentRefused: {"document_id": "document_id", "because": "because"},
    MessageAdded: {"act_id": "act_id", "text": "text", "documents": "documents"},
    RequestWithdrawn: {"act_id": "act_id"},
    ActRefused: {"act_id": "act_id", "because": "code"},
    DeliveryFailed: {"because": "because"},
    DeliverySkipped: {"because": "because"},
}
"""Which fields of a fact its author's counterpart may read: a new field is hidden until it is named here."""


def short(kind: type[Event]) -> str:
    """`request.registered` for `pt.postigo.request.registered.v1`."""
    return kind.TYPE.removeprefix(TYPE_PREFIX).removesuffix(".v1")


def apply_submission(view: RequestView | None, received: Received[RequestSubmitted]) -> RequestView:
    """The citizen's own words, before anybody else has read them."""
    event = received.event
    mine = RequestView(
        account_id=event.account_id,
        filed_at=received.at,
        request_id=event.request_id,
        reference=event.reference,
        updated_at=received.at,
        **_words(event),
    )
    return mine if view is None else _joined(view, mine)


def apply_fact(view: RequestView | None, received: Received[LifecycleFact]) -> RequestView:
    """A fact of the request's life, in its place by `seq`."""
    event = received.event
    entry = _entry(event, received.id, state=event.state)
    mine = _only(event, event.account_id, facts={seq_key(event.seq): entry})
    if isinstance(event, RequestRegistered):
        days = {"entered_on": event.entered_on.isoformat(), "due_on": event.due_on.isoformat()}
        mine = mine.model_copy(update=_words(event) | days)
    return _joined(view, mine)


def apply_delivery(view: RequestView | None, received: Received[DeliveryFact]) -> RequestView:
    """What became of a notice, by its event id: deliveries have no order of their own."""
    event = received.event
    entry = _entry(event, received.id, channel=event.channel, notice=event.notice, about=event.event_id)
    return _joined(view, _only(event, event.account_id, notices={received.id: entry}))


def _entry(event: Fact, id: str, **more: Any) -> TimelineFact:
    fields = {} if _between_rooms(event) else SHOWN.get(type(event), {})
    shown = {place: getattr(event, field) for place, field in fields.items()}
    return TimelineFact(id=id, type=short(type(event)), at=event.occurred_at, **shown, **more)


def _between_rooms(event: Fact) -> bool:
    """A department's command that was refused is told to the department; a person's act, to the person."""
    return isinstance(event, ActRefused) and event.command is not None


def _only(event: Fact, account_id: Any, **maps: Any) -> RequestView:
    at = event.occurred_at
    return RequestView(
        account_id=account_id,
        filed_at=at,
        request_id=event.request_id,
        reference=event.reference,
        updated_at=at,
        **maps,
    )


def _words(event: RequestSubmitted | RequestRegistered) -> dict[str, Any]:
    return {
        "who": event.who,
        "subject": event.subject,
        "reason": event.reason,
        "catalogue_version": event.catalogue_version,
        "language": event.language,
        "description": event.description,
        "documents": event.documents,
    }


_FILLED: Final = (
    "who",
    "subject",
    "reason",
    "catalogue_version",
    "language",
    "description",
    "documents",
    "entered_on",
    "due_on",
)


def _joined(left: RequestView | None, right: RequestView) -> RequestView:
    """The union of both. Where the request stands follows from the fact with the highest `seq`; its words are those of
    the sending that came first, should one have come twice.
    """
    if left is None:
        left = right
    first, second = (left, right) if left.filed_at <= right.filed_at else (right, left)
    facts = dict(sorted((left.facts | right.facts).items()))
    filled = {name: getattr(first, name) or getattr(second, name) for name in _FILLED}
    states = [fact.state for fact in facts.values() if fact.state is not None]
    departments = [fact.department for fact in facts.values() if fact.department is not None]
    return left.model_copy(
        update={
            **filled,
            "filed_at": first.filed_at,
            "updated_at": max(left.updated_at, right.updated_at),
            "facts": facts,
            "notices": dict(sorted((left.notices | right.notices).items())),
            "state": states[-1] if states else left.state,
            "department": departments[-1] if departments else None,
        }
    )
