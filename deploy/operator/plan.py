"""What is to be brought back, and in which order; what is not, and why. Pure: told everything, it asks nobody."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from deploy.operator.letter_filter import LetterFilter
from deploy.operator.letters import GONE, Letter, age
from deploy.operator.service_stores import Blocked
from services.common.domain.position import Position
from services.common.messaging.records.reader import MAX_EVENT

OLDEST: Final = timedelta(days=29)
"""A group remembers for 35 days what it took: a record brought back until then is surely known, should it have been."""

Target = tuple[str, Position]
"""A record that was set aside, by its group."""


@dataclass(frozen=True, slots=True)
class Line:
    """Letters that are brought back one after the other, and the documents that wait for them: often there is none."""

    letters: tuple[Letter, ...]
    documents: tuple[Blocked, ...] = ()

    @property
    def first(self) -> Letter:
        return self.letters[0]


@dataclass(frozen=True, slots=True)
class Left:
    """What is left as it is, and why, in words for a person."""

    line: Line
    because: str


@dataclass(frozen=True, slots=True)
class Plan:
    lines: tuple[Line, ...] = ()
    left: tuple[Left, ...] = ()

    @property
    def count(self) -> int:
        return sum(len(line.letters) for line in self.lines)


def lines_of(letters: Sequence[Letter], blocked: Sequence[Blocked], chosen: LetterFilter) -> list[Line]:
    """Every chosen letter in its line, the line with the oldest record first.

    Of a document that waits for a chosen letter, all that it waits for, in its order. Documents that wait for the same
    record have one line.
    """
    by_record = {letter.record: letter for letter in letters}
    for document in blocked:
        for waiting in document.records:
            record = (document.group, waiting.position)
            by_record.setdefault(record, Letter(*record, waiting.at, GONE, None, whole=False, document=document.key))
    waited_for: set[Target] = set()
    lines: list[Line] = []
    for together in _together(blocked):
        places = _in_order(together)
        waited_for.update(places)
        line = Line(tuple(by_record[place] for place in places), tuple(together))
        if any(chosen.fits(letter) for letter in line.letters):
            lines.append(line)
    lines += [Line((each,)) for each in letters if each.record not in waited_for and chosen.fits(each)]
    return sorted(lines, key=lambda line: age(line.first))


def plan_redrive(lines: Sequence[Line], now: datetime, most: int | None) -> Plan:
    """Whole lines that may be brought back, `most` letters at most."""
    taken: list[Line] = []
    left: list[Left] = []
    room = most
    for line in lines:
        because = refusal(line, now)
        if because is None and room is not None and len(line.letters) > room:
            because = f"it has {_records(len(line.letters))}, more than --max still allows"
        if because is not None:
            left.append(Left(line, because))
            continue
        taken.append(line)
        room = None if room is None else room - len(line.letters)
    return Plan(tuple(taken), tuple(left))


def refusal(line: Line, now: datetime) -> str | None:
    """Why a line may not be brought back: nothing of it goes before what is first."""
    for letter in line.letters:
        if (because := _refusal(letter, now)) is not None:
            behind = "" if len(line.letters) == 1 else "; discard that one, and bring back what waits behind it"
            return f"{because}{behind}"
    return None


def _refusal(letter: Letter, now: datetime) -> str | None:
    days = (now - letter.at).days
    if letter.place is None:
        return "its letter is gone, and only the place where it waits is left"
    if not letter.whole:
        return "its bytes were not kept"
    if now - letter.at > OLDEST:
        return f"its record is {days} days old: after {OLDEST.days} nobody can tell whether it was taken before"
    if letter.size > MAX_EVENT + 1024:
        return f"it has {letter.size // 1024} KiB, and no group takes more than {MAX_EVENT // 1024}"
    return None


def _together(blocked: Sequence[Blocked]) -> list[list[Blocked]]:
    """Documents that wait for the same record, put together."""
    groups: dict[int, list[Blocked]] = {}
    group_of: dict[Target, int] = {}
    for number, document in enumerate(blocked):
        touching = {group_of[place] for place in _places(document) if place in group_of}
        groups[number] = [*(each for group in sorted(touching) for each in groups.pop(group)), document]
        group_of |= {place: number for each in groups[number] for place in _places(each)}
    return list(groups.values())


def _places(document: Blocked) -> list[Target]:
    return [(document.group, waiting.position) for waiting in document.records]


def _in_order(documents: Sequence[Blocked]) -> list[Target]:
    """An order that every list keeps; where two contradict each other, that of time."""
    queues = [_places(document) for document in documents]
    if len(queues) == 1:
        return queues[0]
    at = {(document.group, each.position): each.at for document in documents for each in document.records}
    order: list[Target] = []
    while queues := [queue for queue in queues if queue]:
        heads = {queue[0] for queue in queues}
        free = [head for head in heads if not any(head in queue[1:] for queue in queues)]
        first = min(free or heads, key=lambda place: _time(place, at))
        order.append(first)
        queues = [[place for place in queue if place != first] for queue in queues]
    return order


def _time(place: Target, at: Mapping[Target, datetime]) -> tuple[datetime, str, int, int]:
    position = place[1]
    return at[place], position.topic, position.partition, position.offset


def still_waiting(blocked: Collection[Blocked]) -> frozenset[Target]:
    """All records that some document waits for."""
    return frozenset(place for document in blocked for place in _places(document))


def _records(count: int) -> str:
    return "1 record" if count == 1 else f"{count} records"
