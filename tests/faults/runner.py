"""Run a schedule: clients file requests while faults are injected; then end the faults, wait for rest, and verify."""

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
from tests.faults.clients import Clients
from tests.faults.clock import PACKAGE, library
from tests.faults.environment import FaultsEnvironment
from tests.faults.injection import INJECTIONS, Injection
from tests.faults.schedule import Schedule, Step
from tests.support.pages import Readers

ANSWERED_WITHIN: Final = 60.0
"""Seconds after the end of all faults in which every client must get its answer."""

REST_WITHIN: Final = 120.0
"""Seconds after that in which the system must be at rest: one-minute leases expire, and outboxes are swept."""

AHEAD: Final = {"+2m": 120.0}
"""Extra seconds for a clock that was ahead: its retries are due so much later. (Retries hours ahead are detected.)"""

READ_ATTEMPTS: Final = 5
"""Attempts to read a request at the end."""

_INJECTION_ERRORS: Final = (AssertionError, KafkaError, OSError, StackError, StoreUnavailable, TimeoutError)
"""Errors of a step that another fault causes."""


@dataclass(frozen=True, slots=True)
class PerformedStep:
    """A step of the schedule, and when it was performed."""

    at: datetime
    what: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a schedule.

    `fault_seconds`: from the start to the end of the faults; `rest_seconds`: from then until the system is at rest.
    `rest_seconds` is None when the faults could not be ended: then no clause was checked.
    """

    schedule: Schedule
    history: History
    verdicts: Sequence[Verdict]
    fault_seconds: float
    rest_seconds: float | None
    done: Sequence[PerformedStep] = ()

    @property
    def passed(self) -> bool:
        return all(verdict.held for verdict in self.verdicts)

    @property
    def harms(self) -> frozenset[Harm]:
        return frozenset(verdict.clause.harm for verdict in self.verdicts if not verdict.held)


def _no_violations(_: History) -> Iterator[Violation]:
    """The runner itself checks this clause: it does not depend on the history."""
    return iter(())


HEALED: Final = Clause("everything runs again after the group", Harm.OTHER, _no_violations)


def _silent(text: str) -> None:
    """The default for `say`: print nothing."""


@dataclass(slots=True)
class Run:
    """One schedule in one environment. `say` is called with every step.

    `still_for`: seconds without a new record after which missing evidence counts as lost.
    """

    environment: FaultsEnvironment
    schedule: Schedule
    say: Callable[[str], None] = _silent
    still_for: float = REST_WITHIN
    done: list[PerformedStep] = field(default_factory=list)
    _started: float = field(default_factory=time.monotonic)

    async def play(self) -> Outcome:
        recorder = await self._recorder()
        clients = Clients(self.environment.public_url, self.schedule.name, self._started + 600)
        filing = asyncio.create_task(clients.run(self.schedule.parts))
        await self._inject_faults(recorder)
        try:
            await self._heal(clients)
        except StackError as error:
            filing.cancel()
            await asyncio.wait([filing])
            return self._unhealed(clients, error)
        await filing
        healed = time.monotonic()
        history, verdicts = await self._at_rest(recorder, clients)
        fault_seconds, rest_seconds = healed - self._started, time.monotonic() - healed
        return Outcome(self.schedule, history, verdicts, fault_seconds, rest_seconds, list(self.done))

    async def _recorder(self) -> Recorder:
        self._started = time.monotonic()
        return await Recorder.start(self.environment.stack.env, self.environment.stack.home.mails)

    async def _inject_faults(self, recorder: Recorder) -> None:
        """Inject every fault at its time. Returns when the last one is over and all requests have started."""
        begin = recorder.begin
        async with asyncio.TaskGroup() as group:
            for number, step in enumerate(self.schedule.steps):
                chance = random.Random(f"{self.schedule.name} {number}")
                group.create_task(self._perform(Injection(self.environment, begin, chance), step))
        last = max((part.at for part in self.schedule.parts), default=0.0)
        await asyncio.sleep(max(0.0, self._started + last - time.monotonic()))

    async def _perform(self, injection: Injection, step: Step) -> None:
        await asyncio.sleep(max(0.0, self._started + step.at - time.monotonic()))
        if missing := self._missing(step):
            self._note(f"SKIPPED {step}: {missing}")
            return
        self._note(str(step))
        try:
            await INJECTIONS[step.fault](injection, step)
        except _INJECTION_ERRORS as error:
            self._note(f"COULD NOT {step}: {type(error).__name__} {error}")
        else:
            self._note(f"over: {step}")

    def _missing(self, step: Step) -> str:
        """Why this machine cannot inject the fault; empty when it can."""
        if step.fault == "clock" and library() is None:
            return f"{PACKAGE} is missing and cannot be installed"
        if step.fault == "fill" and not self.environment.disk.small:
            return "the small disk for the engines needs root"
        return ""

    def _note(self, what: str) -> None:
        self.done.append(PerformedStep(datetime.now(UTC), what))
        self.say(f"    {time.monotonic() - self._started:5.1f} s  {what}")

    async def _heal(self, clients: Clients) -> None:
        await self.environment.heal()
        clients.until = time.monotonic() + ANSWERED_WITHIN
        self._note("healed")

    def _unhealed(self, clients: Clients, error: StackError) -> Outcome:
        """A failed outcome without further checks: clients may have no answer while programs do not run."""
        self._note(f"NOT HEALED: {error}")
        history = History(submissions=_sent(clients), unexpected_answers=clients.unexpected)
        verdict = Verdict(HEALED, (Violation(str(error)),))
        return Outcome(self.schedule, history, (verdict,), time.monotonic() - self._started, None, list(self.done))

    async def _at_rest(self, recorder: Recorder, clients: Clients) -> tuple[History, Sequence[Verdict]]:
        ahead = max((AHEAD.get(step.how, 0.0) for step in self.schedule.steps if step.fault == "clock"), default=0.0)

        async def look() -> tuple[int, Sequence[Lag]]:
            """Count an engine that is still starting as movement, so that the wait continues."""
            with suppress(KafkaError, OSError, TimeoutError):
                return await recorder.look()
            return 1, ()

        async def collect(lags: Sequence[Lag]) -> History:
            submissions, environment = _sent(clients), self.environment
            # A request that cannot be read has no page, which the clauses report.
            pages: Mapping[str, Page[Entry]] = {}
            with suppress(DemoError):
                pages = await readers.pages(submissions)
            return await recorder.history(
                submissions,
                lags,
                pages=pages,
                poisoned=environment.poisoned,
                appended_again=environment.appended_copies,
                unexpected_answers=clients.unexpected,
            )

        within, still_for = REST_WITHIN + ahead, self.still_for + ahead
        async with PublicApi(self.environment.public_url, tries=READ_ATTEMPTS) as api:
            readers = Readers(api)
            return await at_rest(look, collect, CLAUSES, within=within, still_for=still_for)


def _sent(clients: Clients) -> Sequence[Submission]:
    return sorted(clients.sent, key=lambda submission: submission.number)
