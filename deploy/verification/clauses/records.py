"""How records end: applied, duplicate, refused or dead-lettered, in every group that reads them. Nothing else exists."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Final
from uuid import UUID

from deploy.verification.evidence import Record, StoredDocument
from deploy.verification.expectations import AGGREGATES, READERS, delivery_of, document_keys
from deploy.verification.history import History
from deploy.verification.verdicts import Clause, Harm, Violation, clause
from services.common.contracts.deliveries import DeliveryFact
from services.common.contracts.lifecycle import LifecycleFact
from services.common.domain.identifiers import reference_of


@clause(Harm.DOUBLED)
def an_id_is_one_event(history: History) -> Iterator[Violation]:
    """Whoever says something again says the same bytes: readers ignore an id that they know."""
    digests: defaultdict[tuple[str, str, str], set[bytes]] = defaultdict(set)
    for record in history.records:
        if record.position not in history.poisoned:
            digests[record.topic, record.id, record.key].add(record.digest)
    for (topic, identifier, key), found in digests.items():
        if len(found) > 1:
            yield Violation(
                f"{history.name(key)}: {len(found)} different events on {topic} are called {identifier}", key
            )


@clause(Harm.OTHER)
def every_record_can_be_read(history: History) -> Iterator[Violation]:
    for record in history.records:
        if record.received is None and record.position not in history.poisoned:
            yield Violation(f"{history.name(record.key)}: {_described(record)} cannot be read", record.key)


@clause(Harm.LOST)
def every_record_ended(history: History) -> Iterator[Violation]:
    """In every group that reads its topic the record left its mark, or a dead letter."""
    for record in history.records:
        for group in READERS.get(record.topic, ()):
            if (group, record.position) not in history.dead_lettered and not _applied(history, group, record):
                yield Violation(f"{history.name(record.key)}: {_described(record)} never ended in {group}", record.key)


@clause(Harm.LOST)
def every_group_has_read_everything(history: History) -> Iterator[Violation]:
    for lag in history.lags:
        unread = next((record for record in history.records if lag.includes(record.position)), None)
        name, key = (history.name(unread.key), unread.key) if unread else ("somebody's request", None)
        yield Violation(f"{name}: {lag.group} never read {lag.records} records of {lag.topic}/{lag.partition}", key)


@clause(Harm.LOST)
def nothing_is_left_unsaid(history: History) -> Iterator[Violation]:
    """What a decision said has left the outbox, and nothing waits behind a blocked document."""
    for group, documents in history.stored.items():
        for document in documents.values():
            key = _request_of(history, group, document)
            name = history.name(key) if key else document.key
            if document.unsent:
                yield Violation(f"{name}: {len(document.unsent)} events are left in the outbox of {group}", key)
            if document.blocked:
                yield Violation(f"{name}: {document.blocked} records are blocked in {group}", key)


@clause(Harm.LOST)
def nothing_is_dead_lettered_but_the_poison(history: History) -> Iterator[Violation]:
    for letter in history.dead_letters:
        if letter.position not in history.poisoned:
            where = f"{letter.position.topic}/{letter.position.partition} @{letter.position.offset}"
            what = f"{history.name(letter.key)}: {letter.group} dead-lettered {where}: {letter.reason}"
            yield Violation(what, letter.key)


def _described(record: Record) -> str:
    position = record.position
    return f"{record.type or 'a record'} at {position.topic}/{position.partition} @{position.offset}"


def _request_of(history: History, group: str, document: StoredDocument) -> str | None:
    """The key of the request that a document is about."""
    if group == "documents":
        owners = {str(file.document_id): key for key, each in history.by_request.items() for file in each.all_files}
        return owners.get(document.key)
    if group == "routing":
        return document.key
    request_id = document.state.get("request_id") if document.state else None
    return str(request_id) if request_id else None


def _applied(history: History, group: str, record: Record) -> bool:
    if record.received is None or record.position in history.poisoned:
        return False
    return _decided(history, group, record) if group in AGGREGATES else _MARKS[group](history, record)


def _decided(history: History, group: str, record: Record) -> bool:
    """Every document that the record touches has it in its inbox. What nobody there handles touches none."""
    received = record.received
    assert received is not None
    names = {received.inbox_id, f"{received.inbox_id}#{received.digest.hex()}"}
    documents = [history.document(group, key) for key in document_keys(group, received)]
    return all(document is not None and not names.isdisjoint(document.inbox) for document in documents)


def _viewed(history: History, record: Record) -> bool:
    """The view has the fact in its place, the notice under its id, or the words of the submit."""
    view = history.document("gateway-views", reference_of(UUID(record.key)))
    if view is None or view.state is None:
        return False
    if isinstance(record.event, LifecycleFact):
        places = {int(place): fact["id"] for place, fact in view.state["facts"].items()}
        return places.get(record.event.seq) == record.id
    return record.id in view.state["notices"] if isinstance(record.event, DeliveryFact) else True


def _notified(history: History, record: Record) -> bool:
    """The notice that the fact makes is among the deliveries."""
    assert record.received is not None
    delivery_id = delivery_of(record.received)
    return delivery_id is None or history.document("notifications", delivery_id) is not None


_MARKS: Final[Mapping[str, Callable[[History, Record], bool]]] = {"gateway-views": _viewed, "notifications": _notified}
"""For readers without an inbox: whether a record left its mark."""


CLAUSES: Final[tuple[Clause, ...]] = (
    an_id_is_one_event,
    every_record_can_be_read,
    every_record_ended,
    every_group_has_read_everything,
    nothing_is_left_unsaid,
    nothing_is_dead_lettered_but_the_poison,
)
