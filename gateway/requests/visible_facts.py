"""What a person may read of each event: the one way from an event to a `TimelineFact`, for views and for live updates."""

from typing import Any, Final

from gateway.requests.view import TimelineFact
from services.common.contracts import Fact
from services.common.contracts.base import TYPE_PREFIX, Event
from services.common.contracts.deliveries import DeliveryFailed, DeliverySkipped
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
from services.common.contracts.lifecycle import (
    ActRefused,
    DocumentAccepted,
    DocumentRefused,
    LifecycleFact,
    MessageAdded,
    RequestAnswered,
    RequestConcluded,
    RequestInAnalysis,
    RequestRejected,
    RequestRouted,
    RequestWithdrawn,
)

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
    RequestConcluded: {"lapsed": "lapsed"},
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
        "sha256": "sha256",
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


SKIPPED: Final = short_type(DeliverySkipped)
"""The type of a notice that was not sent, because the person wants none or has no address."""


def lifecycle_fact(event: LifecycleFact, id: str) -> TimelineFact:
    """The fact of the timeline that a lifecycle event with this `ce_id` gives."""
    return timeline_fact(event, id, state=event.state, deadline=event.deadline)


def timeline_fact(event: Fact, id: str, **more: Any) -> TimelineFact:
    """The event with its visible fields and `more`."""
    fields = {} if _refuses_department(event) else VISIBLE_FIELDS.get(type(event), {})
    visible = {target: getattr(event, source) for target, source in fields.items()}
    if isinstance(event, DocumentAccepted) and not event.fits:
        visible["because"] = "other-format"
    return TimelineFact(id=id, type=short_type(type(event)), at=event.occurred_at, **visible, **more)


def _refuses_department(event: Fact) -> bool:
    """Whether the fact refuses a department's command. Only the refusal of a person's own act is for the person."""
    return isinstance(event, ActRefused) and event.command is not None
