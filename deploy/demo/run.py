"""The story: accounts, departments, sixty people and companies at the counter, and what became of every request."""

import time
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from aiokafka.errors import KafkaError
from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule

from deploy.demo import report
from deploy.demo.accounts import create_accounts
from deploy.demo.board import Board
from deploy.demo.cases import Case, Run
from deploy.demo.checks import judge
from deploy.demo.client import PublicApi
from deploy.demo.data import load_accounts, load_requests
from deploy.demo.errors import DemoError
from deploy.demo.evidence import Evidence, Log, Places, booked, mail_names, mails_in
from deploy.demo.facts import Check, Facts
from deploy.demo.filing import Filing
from deploy.demo.screen import say, watching
from deploy.demo.stage import Stage, Turn
from deploy.demo.tally import refusals, summary
from deploy.local.program import Observer, State, Step
from services.common.domain.errors import StoreUnavailable

CONCLUDED_WITHIN_SECONDS: Final = 120.0
STILL_WITHIN_SECONDS: Final = 15.0
STEPS: Final = ("accounts", "departments")
"""What is prepared once the stack is up, as steps of the start."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run went."""

    facts: Facts
    checks: Sequence[Check]

    @property
    def passed(self) -> bool:
        return all(check.passed for check in self.checks)

    @property
    def summary(self) -> str:
        failed = sum(not check.passed for check in self.checks)
        verdict = f"{failed} of {len(self.checks)} checks failed" if failed else f"all {len(self.checks)} checks passed"
        return f"{summary(self.facts)}; {verdict}."


async def prepare(stage: Stage, run: Run, observe: Observer) -> None:
    """Accounts to sign in with, and departments that answer. Raises StackError."""
    begin = time.monotonic()
    observe(Step("accounts", State.STARTING))
    made = await create_accounts(list(run.accounts.values()), stage.env)
    observe(Step("accounts", State.READY, time.monotonic() - begin, f"{made} people and companies"))
    await stage.open_departments(run.departments)


def new_run() -> Run:
    return Run.new(load_accounts(), load_requests())


async def perform(stage: Stage, run: Run, console: Console) -> Outcome:
    """File everything, follow it, and judge it. Raises DemoError when that cannot be done."""
    mails_before = mail_names(stage.home.mails)
    board = Board(len(run.rows))
    async with Turn(stage.home), PublicApi(stage.env["PUBLIC_URL"]) as api, Log(stage.env["KAFKA_URL"]) as log:
        begin = await _from_kafka(log.ends())
        async with watching(console, board):
            await _together(Filing(run, api, board).until_concluded(CONCLUDED_WITHIN_SECONDS))
        evidence = await _evidence(stage, board, log, begin, mails_before)
    facts = Facts(len(run.rows), board.cases, evidence)
    return Outcome(facts, judge(facts))


async def _evidence(stage: Stage, board: Board, log: Log, begin: Places, mails_before: frozenset[str]) -> Evidence:
    end = await _from_kafka(log.still(STILL_WITHIN_SECONDS))
    records, aside = await _from_kafka(log.between(begin, end))
    try:
        book = await booked(stage.env["MONGO_URL"], board.cases)
    except StoreUnavailable as away:
        raise _unreadable("Intake's book", "mongo") from away
    return Evidence(records, aside, book, mails_in(stage.home.mails, mails_before), dict(board.pages))


async def _from_kafka(reading: Awaitable[T]) -> T:
    try:
        return await reading
    except (KafkaError, TimeoutError) as error:
        raise _unreadable("The log", "kafka") from error


def _unreadable(what: str, engine: str) -> DemoError:
    return DemoError(f"{what} cannot be read.", log=engine)


async def _together(work: Awaitable[None]) -> None:
    """Of all that went wrong at the same time, the first sentence is said."""
    try:
        await work
    except* DemoError as several:
        first: BaseException = several
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        raise first from None


def show(console: Console, outcome: Outcome) -> Case | None:
    """Table, one life, checks. Returns the case whose life was shown."""
    cases, evidence = outcome.facts.cases, outcome.facts.evidence
    say(console, "")
    console.print(Rule("Every request, and how long after its submit", align="left", style="dim"))
    console.print(report.requests_table(cases, evidence, console.width))
    say(console, "")
    shown = max(cases, key=lambda case: len(case.acts) + len(case.files), default=None)
    if shown is not None:
        console.print(Rule("One of them in full, as its author reads it", align="left", style="dim"))
        say(console, "")
        report.show_life(console, shown, outcome.facts.page(shown).entries, evidence)
        say(console, "")
    console.print(Rule("Checks", align="left", style="dim"))
    report.show_checks(console, outcome.checks)
    for noted in refusals(outcome.facts):
        console.print(Padding(f"[dim]{noted}[/]", (0, 0, 0, 2)))
    return shown
