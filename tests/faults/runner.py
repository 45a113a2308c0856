"""Runs a schedule in a town: people file and act while the system is struck; then all is healed, comes to rest, is judged."""

import asyncio
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from aiokafka.errors import KafkaError

from deploy.demo.client import Entry, PublicApi
from deploy.demo.errors import DemoError
from deploy.local import StackError
from deploy.verification.clauses import CLAUSES
from deploy.verification.evidence import Lag, Page, Submission
from deploy.verification.history import History
from deploy.verification.recorder import Recorder
from deploy.verification.rest import at_rest
from deploy.verification.verdicts import Clause, Harm, Verdict, Violation
from services.common.domain.errors import StoreUnavailable
from tests.faults.clock import PACKAGE, library
from tests.faults.people import People
from tests.faults.schedule import Schedule, Step
from tests.faults.strikes import STRIKES, Scene
from tests.faults.town import Town
from tests.support.pages import Readers

TOLD_WITHIN: Final = 60.0
"""Seconds after the healing in which whoever still tries must be told."""

REST_WITHIN: Final = 120.0
"""Seconds after that in which everything must have come to its end: leases of a minute run out, and outboxes are swept."""

AHEAD: Final = {"+2m": 120.0}
"""Seconds that a clock was ahead: what it put off is tried so much later, and rightly. What one of hours put off is found."""

READING_TRIES: Final = 5
"""Times that people who want to read their requests ask again, when all is healed."""

_CANNOT: Final = (AssertionError, KafkaError, OSError, StackError, StoreUnavailable, TimeoutError)
"""How a step fails to be performed because of another one."""


@dataclass(frozen=True, slots=True)
class Done:
    """A step of the schedule, as it was performed."""

    at: datetime
    what: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a schedule. Times are seconds: from its beginning to the healing, and from there to rest.

    `rested` is None when the town could not be healed: then nothing else was judged.
    """

    schedule: Schedule
    history: History
    verdicts: Sequence[Verdict]
    struck: float
    rested: float | None
    done: Sequence[Done] = ()

    @property
    def passed(self) -> bool:
        return all(verdict.held for verdict in self.verdicts)

    @property
    def harms(self) -> frozenset[Harm]:
        return frozenset(verdict.clause.harm for verdict in self.verdicts if not verdict.held)


def _never_judged(_: History) -> Iterator[Violation]:
    """No history tells it: the runner finds out."""
    return iter(())


HEALED: Final = Clause("everything runs again after the strikes", Harm.OTHER, _never_judged)


def _unheard(text: str) -> None:
    """For those who do not listen."""


@dataclass(slots=True)
class Run:
    """One schedule in one town. `say` is told of every step.

    `still_for`: seconds without any movement after which what has not come is taken for lost.
    """

    town: Town
    schedule: Schedule
    say: Callable[[str], None] = _unheard
    still_for: float = REST_WITHIN
    done: list[Done] = field(default_factory=list)
    _begun: float = field(default_factory=time.monotonic)

    async def play(self) -> Outcome:
        recorder = await self._recorder()
        people = People(self.town.counter, self.schedule.name, self._begun + 600)
        coming = asyncio.create_task(people.come(self.schedule.parts))
        await self._strike(recorder)
        try:
            await self._heal(people)
        except StackError as error:
            coming.cancel()
            await asyncio.wait([coming])
            return self._unhealed(people, error)
        await coming
        healed = time.monotonic()
        history, verdicts = await self._at_rest(recorder, people)
        struck, rested = healed - self._begun, time.monotonic() - healed
        return Outcome(self.schedule, history, verdicts, struck, rested, list(self.done))

    async def _recorder(self) -> Recorder:
        self._begun = time.monotonic()
        return await Recorder.start(self.town.stack.env, self.town.stack.home.mails)

    async def _strike(self, recorder: Recorder) -> None:
        """Every step at its time. Returns when the last is over, and not before people have begun."""
        begin = recorder.begin
        async with asyncio.TaskGroup() as strikes:
            for number, step in enumerate(self.schedule.steps):
                chance = random.Random(f"{self.schedule.name} {number}")
                strikes.create_task(self._perform(Scene(self.town, begin, chance), step))
        last = max((part.at for part in self.schedule.parts), default=0.0)
        await asyncio.sleep(max(0.0, self._begun + last - time.monotonic()))

    async def _perform(self, scene: Scene, step: Step) -> None:
        await asyncio.sleep(max(0.0, self._begun + step.at - time.monotonic()))
        if lacking := self._lacking(step):
            self._note(f"SKIPPED {step}: {lacking}")
            return
        self._note(str(step))
        try:
            await STRIKES[step.fault](scene, step)
        except _CANNOT as error:
            self._note(f"COULD NOT {step}: {type(error).__name__} {error}")
        else:
            self._note(f"over: {step}")

    def _lacking(self, step: Step) -> str:
        """Why this machine cannot do it; empty when it can."""
        if step.fault == "clock" and library() is None:
            return f"{PACKAGE} is not on this machine, and may not be installed"
        if step.fault == "fill" and not self.town.disk.small:
            return "only root may give the engines a small disk of their own"
        return ""

    def _note(self, what: str) -> None:
        self.done.append(Done(datetime.now(UTC), what))
        self.say(f"    {time.monotonic() - self._begun:5.1f} s  {what}")

    async def _heal(self, people: People) -> None:
        await self.town.heal()
        people.until = time.monotonic() + TOLD_WITHIN
        self._note("healed")

    def _unhealed(self, people: People, error: StackError) -> Outcome:
        """Failed, whatever became of the requests: nobody may be told in a town that stands still."""
        self._note(f"NOT HEALED: {error}")
        history = History(submissions=_sent(people), unexpected_answers=people.strange)
        verdict = Verdict(HEALED, (Violation(str(error)),))
        return Outcome(self.schedule, history, (verdict,), time.monotonic() - self._begun, None, list(self.done))

    async def _at_rest(self, recorder: Recorder, people: People) -> tuple[History, Sequence[Verdict]]:
        ahead = max((AHEAD.get(step.how, 0.0) for step in self.schedule.steps if step.fault == "clock"), default=0.0)

        async def look() -> tuple[int, Sequence[Lag]]:
            """An engine that is only coming back is asked again."""
            with suppress(KafkaError, OSError, TimeoutError):
                return await recorder.look()
            return 1, ()

        async def collect(lags: Sequence[Lag]) -> History:
            submissions, town = _sent(people), self.town
            # Whoever cannot read their requests sees nothing of them.
            pages: Mapping[str, Page[Entry]] = {}
            with suppress(DemoError):
                pages = await readers.pages(submissions)
            return await recorder.history(
                submissions,
                lags,
                pages=pages,
                poisoned=town.poisoned,
                appended_again=town.said_again,
                unexpected_answers=people.strange,
            )

        within, still_for = REST_WITHIN + ahead, self.still_for + ahead
        async with PublicApi(self.town.counter, tries=READING_TRIES) as api:
            readers = Readers(api)
            return await at_rest(look, collect, CLAUSES, within=within, still_for=still_for)


def _sent(people: People) -> Sequence[Submission]:
    return sorted(people.sent, key=lambda submission: submission.number)
