"""What the clauses expect of our services, restated here: a judge that took it from their code would share their mistakes.

`tests/unit/verification/test_expectations.py` holds it against that code.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from deploy import topics as declared
from services.common.contracts import Event
from services.common.contracts.assignments import AssignmentMade, CommandFact
from services.common.contracts.departments import Command
from services.common.contracts.documents import FileFact
from services.common.contracts.intake import Act, RequestSubmitted
from services.common.contracts.lifecycle import (
    ActRefused,
    DocumentAccepted,
    DocumentRefused,
    MessageAdded,
    RequestAnswered,
    RequestRegistered,
    RequestRejected,
    RequestWithdrawn,
)
from services.common.domain.identifiers import derived_id, reference_of
from services.common.domain.received import Received

CHANNEL: Final = "email"

NOTIFIED: Final = (RequestRegistered, RequestAnswered, RequestRejected, RequestWithdrawn, DocumentRefused)
"""What a person gets a notice about, on that channel."""

HARMLESS: Final[Mapping[str, str]] = {
    "stale": "the department had not seen a file or a message yet; it was told, and answered again",
    "not-allowed": "the request was concluded already, or withdrawn by its author",
}
"""Codes with which intake may refuse what a department says though all goes well, and why."""

AGGREGATES: Final[Mapping[str, tuple[type[Event], ...]]] = {
    "intake": (RequestSubmitted, Act, AssignmentMade, CommandFact, FileFact),
    "routing": (RequestRegistered, DocumentAccepted, MessageAdded, RequestWithdrawn, ActRefused, Command),
    "documents": (RequestRegistered, MessageAdded),
}
"""The events on which each group that keeps an inbox decides."""


def document_keys(group: str, received: Received[Any]) -> Sequence[str]:
    """The documents of an aggregate's group in whose inbox the record is to be found."""
    if not issubclass(type(received.event), AGGREGATES[group]):
        return ()
    if group == "documents":
        return [str(document) for document in dict.fromkeys(received.event.documents)]
    return (reference_of(UUID(received.key)),) if group == "intake" else (received.key,)


def delivery_of(received: Received[Any]) -> str | None:
    """The id of the notice that a fact makes, however often it is made; None for what nobody is notified of."""
    if not isinstance(received.event, NOTIFIED):
        return None
    return str(derived_id(received.id, CHANNEL, str(received.event.account_id)))


def is_internal(event: Event) -> bool:
    """A department's command that was refused is not shown to the author of the request."""
    return isinstance(event, ActRefused) and event.command is not None


def _readers() -> Mapping[str, Sequence[str]]:
    """The groups of ours that read a topic: each has a topic for its dead letters."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for topic in declared.load():
        name, dlq, group = topic.name.partition(".dlq.")
        if dlq:
            found[name].append(group)
    return dict(found)


READERS: Final = _readers()
