"""Merges facts into views, and inbox events into the cases of departments.

Both merges are commutative and idempotent: duplicates and reordering give the same result.
"""

from typing import Any, Final

from gateway.desk.view import DeskCase, KeptAssignment
from gateway.requests.view import AskedDocuments, RequestView, TimelineFact, seq_key
from services.common.contracts import Fact
from services.common.contracts.base import TYPE_PREFIX, Event
from services.common.contracts.deliveries import DeliveryFact, DeliveryFailed, DeliverySkipped
from services.common.contracts.departments import Assignment, AssignmentClosed, AssignmentWithdrawn
from services.common.contracts.handling import (
    DeadlineApproaching,
    DeadlineMissed,
    DocumentsLapsed,
    DocumentsReminded,
    DocumentsRequested,
    HearingOpened,
    RequestExtended,
    RequestForwarded,
    RequestRated,
    RequestReopened,
)
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

VISIBLE_FIELDS: Final[dict[type[Event], dict[str, str]]] = {
    RequestRouted: {"department": "department"},
    RequestInAnalysis: {"department": "department"},
    RequestForwarded: {"department": "department", "from_department": "from_department", "text": "text"},
    RequestExtended: {"department": "department", "text": "text"},
    RequestReopened: {"act_id": "act_id", "department": "department"},
    RequestAnswered: {
        "department": "department",
        "text": "text",
        "until": "reply_until",
        "term": "reply_term",
        "outcome": "outcome",
        "grounds": "grounds",
        "appeal": "appeal",
    },
    RequestRejected: {"department": "department", "text": "text"},
    DocumentsRequested: {"department": "department", "text": "text", "until": "deliver_until", "term": "deliver_term"},
    DocumentsReminded: {"until": "deliver_until"},
    DocumentsLapsed: {"until": "deliver_until"},
    HearingOpened: {"department": "department", "text": "text", "until": "answer_until", "term": "answer_term"},
    DeadlineApproaching: {"until": "due_on"},
    DeadlineMissed: {"until": "due_on"},
    DocumentAccepted: {
        "document_id": "document_id",
        "document_name": "name",
        "media_type": "media_type",
        "size": "size",
        "item": "item",
    },
    DocumentRefused: {"document_id": "document_id", "because": "because", "item": "item"},
    MessageAdded: {"act_id": "act_id", "text": "text", "documents": "documents", "items": "items"},
    RequestWithdrawn: {"act_id": "act_id"},
    RequestRated: {"act_id": "act_id", "score": "score", "text": "text"},
    ActRefused: {"act_id": "act_id", "because": "code", "text": "text", "documents": "documents"},
    DeliveryFailed: {"because": "because"},
    DeliverySkipped: {"because": "because"},
}
"""The fields of each fact that the person may read: `TimelineFact` field to event field. Other fields stay hidden."""


def short_type(kind: type[Event]) -> str:
    """`request.registered` for `pt.postigo.request.registered.v1`."""
    return kind.TYPE.removeprefix(TYPE_PREFIX).removesuffix(".v1")


def apply_submission(view: RequestView | None, received: Received[RequestSubmitted]) -> RequestView:
    """Merge the submission, which carries the person's own description."""
    event = received.event
    right = RequestView(
        account_id=event.account_id,
        filed_at=received.at,
        request_id=event.request_id,
        reference=event.reference,
        updated_at=received.at,
        **_request_fields(event),
    )
    return right if view is None else _merge(view, right)


def apply_fact(view: RequestView | None, received: Received[LifecycleFact]) -> RequestView:
    """Merge a lifecycle fact, keyed by `seq`."""
    event = received.event
    fact = _timeline_fact(event, received.id, state=event.state, deadline=event.deadline)
    asked = None if event.asked is None else AskedDocuments(seq=event.seq, items=event.asked)
    right = _view_of(event, event.account_id, facts={seq_key(event.seq): fact}, asked=asked)
    if isinstance(event, RequestRegistered):
        dates = {"entered_on": event.entered_on.isoformat(), "due_on": event.due_on.isoformat()}
        right = right.model_copy(update=_request_fields(event) | dates)
    return _merge(view, right)


def apply_delivery(view: RequestView | None, received: Received[DeliveryFact]) -> RequestView:
    """Merge the delivery of a notice, keyed by event id: deliveries have no `seq`."""
    event = received.event
    notice = _timeline_fact(event, received.id, channel=event.channel, notice=event.notice, about=event.event_id)
    return _merge(view, _view_of(event, event.account_id, notices={received.id: notice}))


def keep_latest_case(case: DeskCase | None, received: Received[Assignment]) -> DeskCase:
    """Keep the inbox event with the higher number: it is the whole case."""
    event = received.event
    if case is not None and case.assignment.number >= event.number:
        return case
    closed = isinstance(event, AssignmentClosed | AssignmentWithdrawn)
    return DeskCase(closed=closed, assignment=KeptAssignment(**dict(event)))


def _timeline_fact(event: Fact, id: str, **more: Any) -> TimelineFact:
    fields = {} if _refuses_department(event) else VISIBLE_FIELDS.get(type(event), {})
    visible = {target: getattr(event, source) for target, source in fields.items()}
    if isinstance(event, DocumentAccepted) and not event.fits:
        visible["because"] = "other-format"
    return TimelineFact(id=id, type=short_type(type(event)), at=event.occurred_at, **visible, **more)


def _refuses_department(event: Fact) -> bool:
    """Whether the fact refuses a department's command. Only the refusal of a person's own act is for the person."""
    return isinstance(event, ActRefused) and event.command is not None


def _view_of(event: Fact, account_id: Any, **fields: Any) -> RequestView:
    """A view that holds this one event."""
    at = event.occurred_at
    return RequestView(
        account_id=account_id,
        filed_at=at,
        request_id=event.request_id,
        reference=event.reference,
        updated_at=at,
        **fields,
    )


def _request_fields(event: RequestSubmitted | RequestRegistered) -> dict[str, Any]:
    return {
        "who": event.who,
        "subject": event.subject,
        "reason": event.reason,
        "catalogue_version": event.catalogue_version,
        "language": event.language,
        "description": event.description,
        "documents": event.documents,
        "linked_to": None if event.linked is None else event.linked.reference,
    }


_REQUEST_FIELDS: Final = (
    "who",
    "subject",
    "reason",
    "catalogue_version",
    "language",
    "description",
    "documents",
    "entered_on",
    "due_on",
    "linked_to",
)


def _merge(left: RequestView | None, right: RequestView) -> RequestView:
    """The union of both views.

    The state, the department and the asked documents come from the facts with the highest `seq`. The request's fields come from the earliest
    submission, because a retry may have appended a second one.
    """
    if left is None:
        left = right
    first, second = (left, right) if left.filed_at <= right.filed_at else (right, left)
    facts = dict(sorted((left.facts | right.facts).items()))
    fields = {name: getattr(first, name) or getattr(second, name) for name in _REQUEST_FIELDS}
    states = [fact.state for fact in facts.values() if fact.state is not None]
    departments = [fact.department for fact in facts.values() if fact.department is not None]
    return left.model_copy(
        update={
            **fields,
            "filed_at": first.filed_at,
            "updated_at": max(left.updated_at, right.updated_at),
            "facts": facts,
            "notices": dict(sorted((left.notices | right.notices).items())),
            "state": states[-1] if states else left.state,
            "department": departments[-1] if departments else None,
            "asked": max(filter(None, (left.asked, right.asked)), key=lambda asked: asked.seq, default=None),
        }
    )
