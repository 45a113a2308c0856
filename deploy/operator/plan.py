"""Plan a redrive: which dead letters, in which order, and which not and why. Pure functions without I/O."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from deploy.operator.dead_letters import LETTER_GONE, DeadLetter, age
from deploy.operator.letter_filter import LetterFilter
from deploy.operator.service_stores import BlockedDocument
from services.common.contracts.limits import MAX_EVENT
from services.common.domain.position import Position

OLDEST: Final = timedelta(days=29)
"""A redriven record must not be older. The inbox of a group keeps ids for 35 days, so it still knows a duplicate."""

RecordOfGroup = tuple[str, Position]
"""A dead-lettered record: the group that rejected it, and its position."""


@dataclass(frozen=True, slots=True)
class LetterQueue:
    """Dead letters that are redriven one after the other, and the documents that wait for them (often none)."""

    letters: tuple[DeadLetter, ...]
    documents: tuple[BlockedDocument, ...] = ()

    @property
    def first(self) -> DeadLetter:
        return self.letters[0]


@dataclass(frozen=True, slots=True)
class SkippedQueue:
    """A queue that is not redriven or discarded, and the reason in words for a person.

    `tried`: its first record was appended again, and has not ended.
    """

    queue: LetterQueue
    reason: str
    tried: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    queues: tuple[LetterQueue, ...] = ()
    skipped: tuple[SkippedQueue, ...] = ()

    @property
    def count(self) -> int:
        return sum(len(queue.letters) for queue in self.queues)


def queues_of(
    letters: Sequence[DeadLetter], blocked: Sequence[BlockedDocument], chosen: LetterFilter
) -> list[LetterQueue]:
    """The queues that contain a chosen dead letter, the queue with the oldest record first.

    The queue of a blocked document contains all records that the document waits for, in the document's order.
    Documents that wait for the same record share one queue.
    """
    by_record = {letter.record: letter for letter in letters}
    for document in blocked:
        for parked in document.records:
            record = (document.group, parked.position)
            gone = DeadLetter(*record, parked.at, LETTER_GONE, None, complete=False, document=document.key)
            by_record.setdefault(record, gone)
    in_queues: set[RecordOfGroup] = set()
    queues: list[LetterQueue] = []
    for documents in _connected(blocked):
        records = _merged_order(documents)
        in_queues.update(records)
        queue = LetterQueue(tuple(by_record[record] for record in records), tuple(documents))
        if any(chosen.matches(letter) for letter in queue.letters):
            queues.append(queue)
    queues += [LetterQueue((each,)) for each in letters if each.record not in in_queues and chosen.matches(each)]
    return sorted(queues, key=lambda queue: age(queue.first))


def plan_redrive(queues: Sequence[LetterQueue], now: datetime, most: int | None) -> Plan:
    """Plan complete queues that may be redriven, with at most `most` dead letters in all."""
    planned: list[LetterQueue] = []
    skipped: list[SkippedQueue] = []
    remaining = most
    for queue in queues:
        reason = refusal(queue, now)
        if reason is None and remaining is not None and len(queue.letters) > remaining:
            reason = f"it has {_records(len(queue.letters))}, more than --max still allows"
        if reason is not None:
            skipped.append(SkippedQueue(queue, reason))
            continue
        planned.append(queue)
        remaining = None if remaining is None else remaining - len(queue.letters)
    return Plan(tuple(planned), tuple(skipped))


def refusal(queue: LetterQueue, now: datetime) -> str | None:
    """Why a queue may not be redriven; None when it may. One bad dead letter stops the queue: its order must hold."""
    for letter in queue.letters:
        if (reason := _letter_refusal(letter, now)) is not None:
            hint = "" if len(queue.letters) == 1 else "; discard that one, and redrive the records behind it"
            return f"{reason}{hint}"
    return None


def _letter_refusal(letter: DeadLetter, now: datetime) -> str | None:
    days = (now - letter.at).days
    if letter.dlq_position is None:
        return "its letter is gone, so there is nothing to append again"
    if letter.answered:
        return "its department was told that it has no effect, and may have sent another command instead"
    if not letter.complete:
        return "its content was not kept"
    if now - letter.at > OLDEST:
        return f"its record is {days} days old: after {OLDEST.days} days a duplicate could be processed twice"
    if letter.size > MAX_EVENT + 1024:
        return f"it has {letter.size // 1024} KiB, and groups reject more than {MAX_EVENT // 1024} KiB"
    return None


def _connected(blocked: Sequence[BlockedDocument]) -> list[list[BlockedDocument]]:
    """Documents grouped so that two documents that wait for the same record are in the same group."""
    components: dict[int, list[BlockedDocument]] = {}
    component_of: dict[RecordOfGroup, int] = {}
    for number, document in enumerate(blocked):
        touching = {component_of[record] for record in _records_of(document) if record in component_of}
        components[number] = [*(each for other in sorted(touching) for each in components.pop(other)), document]
        component_of |= {record: number for each in components[number] for record in _records_of(each)}
    return list(components.values())


def _records_of(document: BlockedDocument) -> list[RecordOfGroup]:
    return [(document.group, parked.position) for parked in document.records]


def _merged_order(documents: Sequence[BlockedDocument]) -> list[RecordOfGroup]:
    """One order that keeps the order of every document; where two contradict each other, the order of time."""
    queues = [_records_of(document) for document in documents]
    if len(queues) == 1:
        return queues[0]
    at = {(document.group, each.position): each.at for document in documents for each in document.records}
    order: list[RecordOfGroup] = []
    while queues := [queue for queue in queues if queue]:
        heads = {queue[0] for queue in queues}
        free = [head for head in heads if not any(head in queue[1:] for queue in queues)]
        first = min(free or heads, key=lambda record: _time(record, at))
        order.append(first)
        queues = [[record for record in queue if record != first] for queue in queues]
    return order


def _time(record: RecordOfGroup, at: Mapping[RecordOfGroup, datetime]) -> tuple[datetime, str, int, int]:
    position = record[1]
    return at[record], position.topic, position.partition, position.offset


def parked_records(blocked: Collection[BlockedDocument]) -> frozenset[RecordOfGroup]:
    """All records that any of these documents waits for."""
    return frozenset(record for document in blocked for record in _records_of(document))


def _records(count: int) -> str:
    return "1 record" if count == 1 else f"{count} records"
