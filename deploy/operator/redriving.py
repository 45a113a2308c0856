"""Bringing letters back: the next records of every line are appended for their group, and looked after until they end.

What a document waits for on one partition is appended together. What it waits for on another topic follows when that is
taken: a group reads its topics in no order. Whoever is killed here leaves records that their group takes or knows.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from aiokafka import TopicPartition

from deploy.operator.audit import Audit
from deploy.operator.letters import Letter, letters_in, original_headers
from deploy.operator.log import Record
from deploy.operator.plan import Left, Line, still_waiting
from deploy.operator.session import OperatorSession
from deploy.operator.taking import PATIENCE, Pace, taken
from services.common.messaging.failpoints import ARMED, Failpoint, reach
from services.common.messaging.producer.batches import ProducerRecord
from services.common.messaging.records.redrive import Redrive, Redrives

AT_ONCE: Final = 200
"""Records appended before their group is waited for."""

Progress = Callable[[int], None]
"""Told how many records have ended since it was last told."""


@dataclass(slots=True)
class Walk:
    """A line and how many of its letters have ended."""

    line: Line
    done: int = 0

    def next_run(self, most: int) -> list[Letter]:
        """The next letters whose records lay in one partition."""
        run: list[Letter] = []
        for letter in self.line.letters[self.done :]:
            if len(run) == most or (run and _partition(letter) != _partition(run[0])):
                break
            run.append(letter)
        return run


@dataclass(slots=True)
class Redriving:
    """`left` grows by what failed once more, or was gone when it was its turn."""

    session: OperatorSession
    audit: Audit
    pace: Pace
    progress: Progress
    patience: float = PATIENCE
    left: list[Left] = field(default_factory=list)

    async def run(self, lines: Sequence[Line]) -> None:
        """Bring back all of `lines`. Raises OperatorError when a group takes nothing."""
        walks = [Walk(line) for line in lines]
        while walks:
            wave = self._wave(walks)
            await self._bring(wave)
            stopped = {id(left.line) for left in self.left}
            walks = [each for each in walks if each.done < len(each.line.letters) and id(each.line) not in stopped]

    def _wave(self, walks: Sequence[Walk]) -> list[tuple[Walk, list[Letter]]]:
        room, wave = min(AT_ONCE, self.pace.rate), []
        for walk in walks:
            if room == 0:
                break
            run = walk.next_run(room)
            room -= len(run)
            wave.append((walk, run))
        return wave

    async def _bring(self, wave: Sequence[tuple[Walk, list[Letter]]]) -> None:
        letters = [letter for _, run in wave for letter in run]
        tails = await self._tails(letters)
        records = await self._records(letters)
        there = [letter for letter in letters if letter.id in records]
        await self._append(
            {letter.id: raw(letter, records[letter.id], self.session.redrives) for letter in there}, there
        )
        ended = await self._judge(wave, tails, records)
        await self.audit.letters_ended("redriven", [letter.ref for letter in ended])
        ARMED and reach(Failpoint.OPERATION_NOTED)
        self.progress(len(ended))
        await self.pace.after(len(letters))

    async def _append(self, raws: Mapping[str, ProducerRecord], letters: Sequence[Letter]) -> None:
        for group in dict.fromkeys(letter.group for letter in letters):
            after = await self.session.append([raws[letter.id] for letter in letters if letter.group == group])
            ARMED and reach(Failpoint.OPERATION_APPENDED)
            await taken(self.session.admin, group, after, self.patience)
            ARMED and reach(Failpoint.OPERATION_TAKEN)

    async def _tails(self, letters: Sequence[Letter]) -> dict[TopicPartition, int]:
        """Where the topics of these letters end: what fails once more comes after."""
        extents = await self.session.log.extents(sorted({_place(letter) for letter in letters}))
        return {tp: after for tp, (_, after) in extents.items()}

    async def _records(self, letters: Sequence[Letter]) -> dict[str, Record]:
        """The letters themselves, by id, read in the order in which they lie; those that are gone meanwhile are missing."""
        found: dict[str, Record] = {}
        for letter in sorted(letters, key=lambda each: (_place(each), _offset(each))):
            record = await self.session.log.at(_place(letter), _offset(letter))
            if record is not None:
                found[letter.id] = record
        return found

    async def _judge(
        self,
        wave: Sequence[tuple[Walk, list[Letter]]],
        tails: Mapping[TopicPartition, int],
        records: Mapping[str, Record],
    ) -> list[Letter]:
        """The letters that ended; what did not ends its line here."""
        extents = await self.session.log.extents(list(tails))
        again = {
            letter.record: letter.reason
            for letter in await letters_in(
                self.session.log, {tp: (tails[tp], after) for tp, (_, after) in extents.items()}
            )
        }
        documents = [document for walk, _ in wave for document in walk.line.documents]
        waiting = still_waiting(await self.session.books.still_blocked(documents))
        ended: list[Letter] = []
        for walk, run in wave:
            for letter in run:
                because = _because(letter, letter.id in records, again.get(letter.record), letter.record in waiting)
                if because is not None:
                    self.left.append(Left(Line(walk.line.letters[walk.done :], walk.line.documents), because))
                    walk.done = len(walk.line.letters)
                    break
                walk.done += 1
                ended.append(letter)
        return ended


def _because(letter: Letter, there: bool, again: str | None, waits: bool) -> str | None:
    """Why a letter has not ended; None when it has."""
    if not there:
        return "its letter is gone meanwhile"
    if again is not None:
        return f"it failed once more ({again})"
    return "it waits for something that came before it" if waits else None


def raw(letter: Letter, record: Record, redrives: Redrives) -> ProducerRecord:
    """The letter's record as it is appended again, byte for byte, for its group alone."""
    told = Redrive(letter.group, letter.position, letter.at, letter.quiet)
    headers = redrives.sealed(told, record.key, record.value, original_headers(record))
    return ProducerRecord(letter.position.topic, record.key, record.value, headers, letter.position.partition)


def _partition(letter: Letter) -> TopicPartition:
    return TopicPartition(letter.position.topic, letter.position.partition)


def _place(letter: Letter) -> TopicPartition:
    assert letter.place is not None
    return TopicPartition(letter.place.topic, letter.place.partition)


def _offset(letter: Letter) -> int:
    assert letter.place is not None
    return letter.place.offset
