"""What the clauses expect of the services. It is restated here: code shared with the services would share their mistakes.

`tests/unit/verification/test_expectations.py` compares it with the services.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from deploy import topics as declared
from services.common.contracts import Event
from services.common.contracts.assignments import AssignmentMade, CommandFact
from services.common.contracts.commands import Command
from services.common.contracts.documents import FileFact
from services.common.contracts.handling import (
    DeadlineApproaching,
    DeadlineMissed,
    DeadlineMissRetracted,
    DeadlineMoved,
    DocumentsLapsed,
    DocumentsReceived,
    DocumentsReminded,
    DocumentsRequested,
    HearingClosed,
    HearingOpened,
    RequestExtended,
    RequestForwarded,
    RequestReopened,
)
from services.common.contracts.intake import Act, RequestSubmitted
from services.common.contracts.lifecycle import (
    ActRefused,
    DocumentAccepted,
    DocumentRefused,
    LifecycleFact,
    MessageAdded,
    RequestAnswered,
    RequestConcluded,
    RequestInAnalysis,
    RequestRegistered,
    RequestRejected,
    RequestRouted,
    RequestWithdrawn,
)
from services.common.domain.identifiers import derived_id, reference_of
from services.common.domain.received import Received

CHANNEL: Final = "email"

NOTIFIED: Final[tuple[type[LifecycleFact], ...]] = (
    RequestRegistered,
    RequestAnswered,
    RequestRejected,
    RequestWithdrawn,
    RequestForwarded,
    RequestExtended,
    RequestReopened,
    DocumentsRequested,
    DocumentsReminded,
    DocumentsLapsed,
    DocumentRefused,
    HearingOpened,
)
"""The facts that cause a notification on that channel. Those of `LAPSED` do too, if nobody acted in time."""

LAPSED: Final[Mapping[type[Event], Callable[[Any], bool]]] = {
    RequestConcluded: lambda fact: fact.lapsed,
    HearingClosed: lambda fact: not fact.answered,
}

SIDE_NOTICES: Final = (DocumentRefused, DocumentsReminded, RequestForwarded, RequestExtended)
"""The notices that do not tell where the request stands."""

HARMLESS: Final[Mapping[str, str]] = {
    "stale": "the department had not seen a file or a message yet; it got an update and answered again",
    "not-allowed": "the request was already concluded or answered, or its author had withdrawn it",
    "old-epoch": "the case had changed hands, or its author had come back, after what the department had seen",
    "wrong-department": "the case had been transferred by an earlier command",
    "hearing-open": "a hearing had been opened by an earlier command",
    "extended-already": "the term had been extended by an earlier command",
}
"""Codes with which a command may be rejected in a correct run, and why."""

AGGREGATES: Final[Mapping[str, tuple[type[Event], ...]]] = {
    "intake": (RequestSubmitted, Act, AssignmentMade, CommandFact, FileFact),
    "routing": (
        RequestRegistered,
        RequestRouted,
        RequestInAnalysis,
        RequestAnswered,
        RequestConcluded,
        RequestRejected,
        RequestWithdrawn,
        RequestForwarded,
        RequestExtended,
        RequestReopened,
        DocumentsRequested,
        DocumentsReceived,
        DocumentsLapsed,
        HearingOpened,
        HearingClosed,
        DeadlineApproaching,
        DeadlineMissed,
        DeadlineMissRetracted,
        DeadlineMoved,
        DocumentAccepted,
        DocumentRefused,
        MessageAdded,
        ActRefused,
        Command,
    ),
    "documents": (RequestRegistered, MessageAdded),
}
"""The events that each group with an inbox handles."""


def document_keys(group: str, received: Received[Any]) -> Sequence[str]:
    """The keys of the documents of `group` whose inboxes must contain the record."""
    if not issubclass(type(received.event), AGGREGATES[group]):
        return ()
    if group == "documents":
        return [str(document) for document in dict.fromkeys(received.event.documents)]
    return (reference_of(UUID(received.key)),) if group == "intake" else (received.key,)


def is_notified(event: Event) -> bool:
    """Whether the person gets a notice of the event."""
    return isinstance(event, NOTIFIED) or LAPSED.get(type(event), lambda _: False)(event)


def delivery_of(received: Received[Any]) -> str | None:
    """The id of the notice for a fact; it is the same however often the notice is made. None without a notice."""
    if not is_notified(received.event):
        return None
    return str(derived_id(received.id, CHANNEL, str(received.event.account_id)))


def is_internal(event: Event) -> bool:
    """Whether the author must not see the event: the refusal of a department's command is internal."""
    return isinstance(event, ActRefused) and event.command is not None


def case_key(department: str, request: str) -> str:
    """The key of a department's case in the store of `gateway-desk`."""
    return f"{department} {request}"


def _readers() -> Mapping[str, Sequence[str]]:
    """Our consumer groups by topic: each has a dead-letter topic."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for topic in declared.load():
        name, dlq, group = topic.name.partition(".dlq.")
        if dlq:
            groups[name].append(group)
    return dict(groups)


READERS: Final = _readers()
