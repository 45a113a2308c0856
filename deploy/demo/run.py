"""The story: accounts, departments, sixty people and companies at the counter, and what became of every request."""

import time
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from aiokafka.errors import KafkaError
from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule

from deploy.demo import report
from deploy.demo.accounts import create_accounts
from deploy.demo.board import Board
from deploy.demo.cases import Run
from deploy.demo.checks import JUDGED, Check, checks, refusals, summary
from deploy.demo.client import Entry, PublicApi
from deploy.demo.data import load_accounts, load_requests
from deploy.demo.errors import DemoError
from deploy.demo.filing import Filing
from deploy.demo.screen import say, watching
from deploy.demo.stage import Stage, Turn
from deploy.local.program import Observer, State, Step
from deploy.verification.evidence import Lag, Page, Submission
from deploy.verification.history import History
from deploy.verification.recorder import Recorder
from deploy.verification.rest import at_rest
from services.common.domain.errors import StoreUnavailable

CONCLUDED_WITHIN_SECONDS: Final = 120.0
AT_REST_WITHIN_SECONDS: Final = 30.0
STILL_FOR_SECONDS: Final = 15.0
STEPS: Final = ("accounts", "departments")
"""What is prepared once the stack is up, as steps of the start."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run went."""

    history: History
    pages: Mapping[str, Page[Entry]]
    checks: Sequence[Check]

    @property
    def passed(self) -> bool:
        return all(check.passed for check in self.checks)

    @property
    def summary(self) -> str:
        failed = sum(not check.passed for check in self.checks)
        verdict = f"{failed} of {len(self.checks)} checks failed" if failed else f"all {len(self.checks)} checks passed"
        return f"{summary(self.history)}; {verdict}."


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
    board = Board(len(run.rows))
    async with Turn(stage.home), PublicApi(stage.env["PUBLIC_URL"]) as api:
        with _readable():
            recorder = await Recorder.start(stage.env, stage.home.mails, shared=True)
        async with watching(console, board):
            await _together(Filing(run, api, board).until_concluded(CONCLUDED_WITHIN_SECONDS))
        return await _judged(recorder, board)


async def _judged(recorder: Recorder, board: Board) -> Outcome:
    submissions = list(board.submissions.values())

    async def collect(lags: Sequence[Lag]) -> History:
        return await recorder.history(submissions, lags, pages=board.pages)

    with _readable():
        within, still_for = AT_REST_WITHIN_SECONDS, STILL_FOR_SECONDS
        history, verdicts = await at_rest(recorder.look, collect, JUDGED, within=within, still_for=still_for)
    return Outcome(history, board.pages, checks(history, verdicts))


@contextmanager
def _readable() -> Iterator[None]:
    """What keeps the history from being read, in a sentence."""
    try:
        yield
    except (KafkaError, TimeoutError) as error:
        raise DemoError("The log cannot be read.", log="kafka") from error
    except StoreUnavailable as away:
        raise DemoError("The services' stores cannot be read.", log="mongo") from away


async def _together(work: Awaitable[None]) -> None:
    """Of all that went wrong at the same time, the first sentence is said."""
    try:
        await work
    except* DemoError as several:
        first: BaseException = several
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        raise first from None


def show(console: Console, outcome: Outcome) -> Submission | None:
    """Table, one life, checks. Returns the request whose life was shown."""
    history = outcome.history
    say(console, "")
    console.print(Rule("Every request, and how long after its submit", align="left", style="dim"))
    console.print(report.requests_table(history, console.width))
    say(console, "")
    shown = max(history.acknowledged, key=lambda each: len(each.acts) + len(each.all_files), default=None)
    if shown is not None:
        console.print(Rule("One of them in full, as its author reads it", align="left", style="dim"))
        say(console, "")
        page: Page[Entry] = outcome.pages.get(shown.name, Page())
        report.show_life(console, shown, page.entries, history)
        say(console, "")
    console.print(Rule("Checks", align="left", style="dim"))
    report.show_checks(console, outcome.checks)
    for noted in refusals(history):
        console.print(Padding(f"[dim]{noted}[/]", (0, 0, 0, 2)))
    return shown
