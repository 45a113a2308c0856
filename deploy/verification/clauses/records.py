"""Records: every group that reads a record applies it, ignores it as a duplicate, refuses it or dead-letters it."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Final
from uuid import UUID

from deploy.verification.evidence import Record, StoredDocument
from deploy.verification.expectations import AGGREGATES, READERS, case_key, delivery_of, document_keys
from deploy.verification.history import History
from deploy.verification.verdicts import Clause, Harm, Violation, clause
from services.common.contracts.deliveries import DeliveryFact
from services.common.contracts.departments import Assignment, TransferredOften
from services.common.contracts.lifecycle import LifecycleFact
from services.common.domain.identifiers import reference_of


@clause(Harm.DOUBLED)
def an_id_is_one_event(history: History) -> Iterator[Violation]:
    """A repeated id has the same bytes: consumers ignore an id that they know."""
    digests: defaultdict[tuple[str, str, str], set[bytes]] = defaultdict(set)
    for record in history.records:
        if record.position not in history.poisoned:
            digests[record.topic, record.id, record.key].add(record.digest)
    for (topic, identifier, key), different in digests.items():
        if len(different) > 1:
            yield Violation(
                f"{history.name(key)}: {len(different)} different events on {topic} have the id {identifier}", key
            )


@clause(Harm.OTHER)
def every_record_can_be_read(history: History) -> Iterator[Violation]:
    for record in history.records:
        if record.received is None and record.position not in history.poisoned:
            yield Violation(f"{history.name(record.key)}: {_described(record)} cannot be read", record.key)


@clause(Harm.LOST)
def every_record_ended(history: History) -> Iterator[Violation]:
    """In every group that reads its topic, the record was applied or dead-lettered."""
    for record in history.records:
        for group in READERS.get(record.topic, ()):
            if (group, record.position) not in history.dead_lettered and not _applied(history, group, record):
                yield Violation(
                    f"{history.name(record.key)}: {_described(record)} was never processed by {group}", record.key
                )


@clause(Harm.LOST)
def every_group_has_read_everything(history: History) -> Iterator[Violation]:
    for lag in history.lags:
        unread = next((record for record in history.records if lag.includes(record.position)), None)
        name, key = (history.name(unread.key), unread.key) if unread else ("unknown request", None)
        yield Violation(f"{name}: {lag.group} never read {lag.records} records of {lag.topic}/{lag.partition}", key)


@clause(Harm.LOST)
def every_outbox_is_empty_and_no_document_is_blocked(history: History) -> Iterator[Violation]:
    """Every decided event was published, and no record is parked behind a blocked document."""
    for group, documents in history.stored.items():
        for document in documents.values():
            key = _request_of(history, group, document)
            name = history.name(key) if key else document.key
            if document.unsent:
                yield Violation(f"{name}: {len(document.unsent)} events are left in the outbox of {group}", key)
            if document.blocked:
                yield Violation(f"{name}: {document.blocked} records are blocked in {group}", key)


@clause(Harm.LOST)
def only_poison_is_dead_lettered(history: History) -> Iterator[Violation]:
    for letter in history.dead_letters:
        if letter.position not in history.poisoned:
            where = f"{letter.position.topic}/{letter.position.partition} @{letter.position.offset}"
            what = f"{history.name(letter.key)}: {letter.group} dead-lettered {where}: {letter.reason}"
            yield Violation(what, letter.key)


def _described(record: Record) -> str:
    position = record.position
    return f"{record.type or 'a record'} at {position.topic}/{position.partition} @{position.offset}"


def _request_of(history: History, group: str, document: StoredDocument) -> str | None:
    """The id of the request that a document belongs to."""
    if group == "documents":
        owners = {str(file.document_id): key for key, each in history.by_request.items() for file in each.all_files}
        return owners.get(document.key)
    if group == "routing":
        return document.key
    if group == "gateway-desk":
        return document.key.partition(" ")[2]
    request_id = document.state.get("request_id") if document.state else None
    return str(request_id) if request_id else None


def _applied(history: History, group: str, record: Record) -> bool:
    if record.received is None or record.position in history.poisoned:
        return False
    return _decided(history, group, record) if group in AGGREGATES else _APPLIED[group](history, record)


def _decided(history: History, group: str, record: Record) -> bool:
    """All documents that the record touches have it in their inboxes. An event without a handler touches none."""
    received = record.received
    assert received is not None
    names = {received.inbox_id, f"{received.inbox_id}#{received.digest.hex()}"}
    documents = [history.document(group, key) for key in document_keys(group, received)]
    return all(document is not None and not names.isdisjoint(document.inbox) for document in documents)


def _viewed(history: History, record: Record) -> bool:
    """The view contains the fact under its number, the notice under its id, or the text of the submit."""
    view = history.document("gateway-views", reference_of(UUID(record.key)))
    if view is None or view.state is None:
        return False
    if isinstance(record.event, LifecycleFact):
        facts = {int(seq): fact["id"] for seq, fact in view.state["facts"].items()}
        return facts.get(record.event.seq) == record.id
    return record.id in view.state["notices"] if isinstance(record.event, DeliveryFact) else True


def _listed(history: History, record: Record) -> bool:
    """The department's case contains this inbox event or a later one. An alarm is no case."""
    event = record.event
    if isinstance(event, TransferredOften):
        return True
    assert isinstance(event, Assignment)
    case = history.document("gateway-desk", case_key(event.department, record.key))
    return case is not None and case.state is not None and case.state["assignment"]["number"] >= event.number


def _notified(history: History, record: Record) -> bool:
    """The delivery for the fact is stored."""
    assert record.received is not None
    delivery_id = delivery_of(record.received)
    return delivery_id is None or history.document("notifications", delivery_id) is not None


def _birth_stored(history: History, record: Record) -> bool:
    """The birth is stored, with its request or without."""
    return history.document("gateway-births", record.key) is not None


_APPLIED: Final[Mapping[str, Callable[[History, Record], bool]]] = {
    "gateway-views": _viewed,
    "gateway-desk": _listed,
    "gateway-births": _birth_stored,
    "notifications": _notified,
}
"""For groups without an inbox: whether a record was applied."""


CLAUSES: Final[tuple[Clause, ...]] = (
    an_id_is_one_event,
    every_record_can_be_read,
    every_record_ended,
    every_group_has_read_everything,
    every_outbox_is_empty_and_no_document_is_blocked,
    only_poison_is_dead_lettered,
)
