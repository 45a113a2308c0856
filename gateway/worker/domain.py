"""Merges facts into views, and inbox events into the cases of departments.

Both merges are commutative and idempotent: duplicates and reordering give the same result.
"""

from typing import Any, Final

from gateway.desk.view import DeskCase, KeptAssignment
from gateway.requests.search_text import search_text
from gateway.requests.view import AskedDocuments, RequestView, seq_key
from gateway.requests.visible_facts import SKIPPED, lifecycle_fact, timeline_fact
from services.common.contracts import Fact
from services.common.contracts.deliveries import DeliveryFact
from services.common.contracts.departments import Assignment, AssignmentClosed, AssignmentWithdrawn
from services.common.contracts.intake import RequestSubmitted
from services.common.contracts.lifecycle import LifecycleFact, RequestRegistered
from services.common.domain.received import Received


def apply_submission(view: RequestView | None, received: Received[RequestSubmitted]) -> RequestView:
    """Merge the submission, which carries the person's own description."""
    event = received.event
    right = RequestView(
        account_id=event.account_id,
        filed_at=received.at,
        request_id=event.request_id,
        reference=event.reference,
        updated_at=received.at,
        restricted_to=event.actor_id if event.restricted else None,
        **_request_fields(event),
    )
    return _searchable(right if view is None else _merge(view, right))


def apply_fact(view: RequestView | None, received: Received[LifecycleFact]) -> RequestView:
    """Merge a lifecycle fact, keyed by `seq`."""
    event = received.event
    fact = lifecycle_fact(event, received.id)
    asked = None if event.asked is None else AskedDocuments(seq=event.seq, items=event.asked)
    about = {"facts": {seq_key(event.seq): fact}, "asked": asked, "restricted_to": event.restricted_to}
    right = _view_of(event, event.account_id, **about)
    if isinstance(event, RequestRegistered):
        dates = {"entered_on": event.entered_on.isoformat(), "due_on": event.due_on.isoformat()}
        right = right.model_copy(update=_request_fields(event) | dates)
        return _searchable(_merge(view, right))
    merged = _merge(view, right)
    return _searchable(merged) if fact.text or fact.grounds or fact.document_name or asked else merged


def apply_delivery(view: RequestView | None, received: Received[DeliveryFact]) -> RequestView:
    """Merge the delivery of a notice, keyed by event id: deliveries have no `seq`."""
    event = received.event
    notice = timeline_fact(event, received.id, channel=event.channel, notice=event.notice, about=event.event_id)
    merged = _merge(view, _view_of(event, event.account_id, notices={received.id: notice}))
    sent = [each.at for each in merged.notices.values() if each.type != SKIPPED]
    return merged.model_copy(update={"notified_at": max(sent, default=None)})


def keep_latest_case(case: DeskCase | None, received: Received[Assignment]) -> DeskCase:
    """Keep the inbox event with the higher number: it is the whole case."""
    event = received.event
    if case is not None and case.assignment.number >= event.number:
        return case
    closed = isinstance(event, AssignmentClosed | AssignmentWithdrawn)
    return DeskCase(closed=closed, assignment=KeptAssignment(**dict(event)))


def _searchable(view: RequestView) -> RequestView:
    return view.model_copy(update={"search_text": search_text(view)})


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
        "answers": event.answers,
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
    "answers",
    "restricted_to",
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
