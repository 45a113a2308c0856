"""How records end: applied, duplicate, refused or dead-lettered, in every group that reads them. Nothing else exists."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from deploy import topics as declared
from gateway.requests.view import seq_key
from services.common.contracts import Event
from services.common.contracts.deliveries import DeliveryFact
from services.common.contracts.lifecycle import LifecycleFact
from services.common.domain.identifiers import derived_id, reference_of
from services.common.domain.position import Position
from services.common.messaging import Aggregate
from services.documents.handlers import files
from services.intake.handlers import requests
from services.notifications.domain import MATRIX
from services.routing.handlers import assignments
from tests.faults.history import History, Record
from tests.faults.verdicts import Harm, Offence, clause


def _readers() -> Mapping[str, Sequence[str]]:
    """The groups of ours that read a topic: each has a topic for its dead letters."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for topic in declared.load():
        name, dlq, group = topic.name.partition(".dlq.")
        if dlq:
            found[name].append(group)
    return dict(found)


READERS: Final = _readers()


@clause(Harm.DOUBLED)
def an_id_is_one_event(history: History) -> Iterator[Offence]:
    """Whoever says something again says the same bytes: readers ignore an id that they know."""
    digests: defaultdict[tuple[str, str, str], set[bytes]] = defaultdict(set)
    for record in history.records:
        if record.position not in history.poisoned:
            digests[record.topic, record.id, record.key].add(record.digest)
    for (topic, identifier, key), found in digests.items():
        if len(found) > 1:
            yield Offence(f"{history.name(key)}: {len(found)} different events on {topic} are called {identifier}", key)


@clause(Harm.LOST)
def every_record_ended(history: History) -> Iterator[Offence]:
    """In every group that reads its topic the record left its mark, or a dead letter."""
    for record in history.records:
        for group in READERS.get(record.topic, ()):
            if (group, record.position) not in history.set_aside and not _applied(history, group, record):
                yield Offence(f"{history.name(record.key)}: {_described(record)} never ended in {group}", record.key)


@clause(Harm.LOST)
def every_group_has_read_everything(history: History) -> Iterator[Offence]:
    for behind in history.behind:
        yield Offence(f"{behind.group} never took {behind.records} records of {behind.topic}/{behind.partition}")


@clause(Harm.LOST)
def nothing_is_left_unsaid(history: History) -> Iterator[Offence]:
    """What a decision said has left the outbox, and nothing waits behind a blocked document."""
    for group, documents in history.kept.items():
        for document in documents.values():
            if document.unsent:
                yield Offence(f"{group} left {len(document.unsent)} events of {document.key} in the outbox")
            if document.blocked:
                yield Offence(f"{group} has {document.key} blocked, with {document.blocked} records")


@clause(Harm.LOST)
def nothing_is_set_aside_but_the_poison(history: History) -> Iterator[Offence]:
    for letter in history.letters:
        if letter.position not in history.poisoned:
            where = f"{letter.position.topic}/{letter.position.partition} @{letter.position.offset}"
            yield Offence(f"{letter.group} set {where} aside: {letter.reason}", _key_at(history, letter.position))


def _described(record: Record) -> str:
    position = record.position
    return f"{record.type or 'a record'} at {position.topic}/{position.partition} @{position.offset}"


def _key_at(history: History, position: Position) -> str | None:
    return next((record.key for record in history.records if record.position == position), None)


def _applied(history: History, group: str, record: Record) -> bool:
    if record.received is None or record.position in history.poisoned:
        return False
    if group in _AGGREGATES:
        return _decided(history, group, record)
    return _MARKS[group](history, record, record.received.event)


_AGGREGATES: Final[Mapping[str, Aggregate[Any]]] = {"intake": requests, "routing": assignments, "documents": files}


def _decided(history: History, group: str, record: Record) -> bool:
    """Every document that the record touches has it in its inbox. What nobody there handles touches none."""
    received = record.received
    assert received is not None
    names = {received.inbox_id, f"{received.inbox_id}#{received.digest.hex()}"}
    documents = [history.document(group, key) for key in _AGGREGATES[group].targets(received)]
    return all(document is not None and not names.isdisjoint(document.inbox) for document in documents)


def _seen(history: History, record: Record, event: Event) -> bool:
    """The view has the fact in its place, the notice under its id, or the words of the submit."""
    view = history.document("gateway-views", reference_of(UUID(record.key)))
    if view is None or view.state is None:
        return False
    if isinstance(event, LifecycleFact):
        fact = view.state["facts"].get(seq_key(event.seq))
        return fact is not None and fact["id"] == record.id
    return record.id in view.state["notices"] if isinstance(event, DeliveryFact) else True


def _told(history: History, record: Record, event: Event) -> bool:
    """Every notice that the fact makes is among the deliveries."""
    if type(event) not in MATRIX:
        return True
    assert isinstance(event, LifecycleFact)
    made = [derived_id(record.id, channel, str(event.account_id)) for channel in MATRIX[type(event)].channels]
    return all(history.document("notifications", each) is not None for each in made)


_MARKS: Final[Mapping[str, Callable[[History, Record, Event], bool]]] = {
    "gateway-views": _seen,
    "notifications": _told,
}
"""For readers without an inbox: whether a record left its mark."""
