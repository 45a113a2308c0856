"""Giving letters up: what waits behind them is next, and they are no longer among those that need somebody.

A document that waits for one is freed by its own service, which an empty, sealed record asks to do so.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from deploy.operator.audit import Audit
from deploy.operator.letter_filter import LetterFilter
from deploy.operator.letters import Letter
from deploy.operator.plan import Left, Line, still_waiting
from deploy.operator.redriving import AT_ONCE, Progress
from deploy.operator.session import OperatorSession
from deploy.operator.taking import PATIENCE, taken
from services.common.messaging.failpoints import ARMED, Failpoint, reach
from services.common.messaging.producer.batches import ProducerRecord
from services.common.messaging.records.redrive import Redrive, Redrives


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A letter to give up, and the line it stands in."""

    letter: Letter
    line: Line


def plan_discard(lines: Sequence[Line], chosen: LetterFilter, most: int | None) -> list[GivenUp]:
    """The chosen letters, and never those that only stand in a line with them; `most` at most."""
    found = [GivenUp(letter, line) for line in lines for letter in line.letters if chosen.fits(letter)]
    return found[:most]


@dataclass(slots=True)
class Discarding:
    session: OperatorSession
    audit: Audit
    progress: Progress
    patience: float = PATIENCE
    left: list[Left] = field(default_factory=list)

    async def run(self, planned: Sequence[GivenUp]) -> None:
        """Give up all that is planned. Raises OperatorError when a group takes nothing."""
        for begin in range(0, len(planned), AT_ONCE):
            await self._give_up(planned[begin : begin + AT_ONCE])

    async def _give_up(self, part: Sequence[GivenUp]) -> None:
        for group in dict.fromkeys(each.letter.group for each in part):
            own = [each for each in part if each.letter.group == group]
            after = await self.session.append([raw for each in own for raw in _freeing(each, self.session.redrives)])
            ARMED and reach(Failpoint.OPERATION_APPENDED)
            await taken(self.session.admin, group, after, self.patience)
            ARMED and reach(Failpoint.OPERATION_TAKEN)
        documents = [document for each in part for document in each.line.documents]
        waiting = still_waiting(await self.session.books.still_blocked(documents))
        ended = [each.letter for each in part if each.letter.record not in waiting]
        self.left += [
            Left(each.line, "its document still waits for it") for each in part if each.letter.record in waiting
        ]
        await self.audit.letters_ended("discarded", [letter.ref for letter in ended])
        ARMED and reach(Failpoint.OPERATION_NOTED)
        self.progress(len(ended))


def _freeing(given_up: GivenUp, redrives: Redrives) -> Iterator[ProducerRecord]:
    """The records that free the documents which wait for a letter; there may be none."""
    letter = given_up.letter
    for document in given_up.line.documents:
        if letter.position in {waiting.position for waiting in document.records}:
            key = document.key.encode()
            told = Redrive(letter.group, letter.position, letter.at, frees=document.key)
            yield ProducerRecord(
                letter.position.topic, key, b"", redrives.sealed(told, key, b""), letter.position.partition
            )
