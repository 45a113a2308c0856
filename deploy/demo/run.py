"""A run of the demonstration: create accounts, start departments, file all requests, and check the results."""

import time
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from aiokafka.errors import KafkaError
from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule

from deploy.demo import report
from deploy.demo.accounts import create_accounts
from deploy.demo.births import Opened, opened_requests, report_birth, show_birth
from deploy.demo.board import Board
from deploy.demo.cases import Run
from deploy.demo.checks import JUDGED, Check, checks, refusals, summary
from deploy.demo.client import Dates, Entry, PublicApi
from deploy.demo.data import load_accounts, load_requests
from deploy.demo.errors import DemoError
from deploy.demo.filing import Filing
from deploy.demo.longer_lives import show_longer_lives
from deploy.demo.screen import say, watching
from deploy.demo.special_paths import show_special_paths
from deploy.demo.stage import RunLock, Stage
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
"""The steps after the start of the stack."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a run."""

    history: History
    pages: Mapping[str, Page[Entry]]
    checks: Sequence[Check]
    opened: Opened
    dates: Mapping[str, Dates] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        return all(check.passed for check in self.checks)

    @property
    def summary(self) -> str:
        failed = sum(not check.passed for check in self.checks)
        verdict = f"{failed} of {len(self.checks)} checks failed" if failed else f"all {len(self.checks)} checks passed"
        return f"{summary(self.history)}; {verdict}."


async def prepare(stage: Stage, run: Run, observe: Observer) -> None:
    """Create the accounts and start the departments. Raises StackError."""
    started = time.monotonic()
    observe(Step("accounts", State.STARTING))
    count = await create_accounts(list(run.accounts.values()), stage.home, stage.env)
    observe(Step("accounts", State.READY, time.monotonic() - started, f"{count} people and companies"))
    await stage.open_departments(run.departments)


def new_run() -> Run:
    return Run.new(load_accounts(), load_requests())


async def perform(stage: Stage, run: Run, console: Console) -> Outcome:
    """File all requests, follow and check them. Raises DemoError when that is not possible."""
    board = Board(len(run.rows))
    async with RunLock(stage.home), PublicApi(stage.env["PUBLIC_URL"]) as api:
        with _translate_read_errors():
            recorder = await Recorder.start(stage.env, stage.home.mails, shared=True)
        birth = await report_birth(stage.env["KAFKA_URL"], run)
        async with watching(console, board):
            await _raise_first(Filing(run, api, board).until_concluded(CONCLUDED_WITHIN_SECONDS))
        opened = await opened_requests(api, run, birth, CONCLUDED_WITHIN_SECONDS)
        return await _check(recorder, board, opened)


async def _check(recorder: Recorder, board: Board, opened: Opened) -> Outcome:
    submissions = list(board.submissions.values())

    async def collect(lags: Sequence[Lag]) -> History:
        return await recorder.history(submissions, lags, pages=board.pages)

    with _translate_read_errors():
        within, still_for = AT_REST_WITHIN_SECONDS, STILL_FOR_SECONDS
        history, verdicts = await at_rest(recorder.look, collect, JUDGED, within=within, still_for=still_for)
    found = [*checks(history, verdicts), opened.check]
    return Outcome(history, board.pages, found, opened, board.dates)


@contextmanager
def _translate_read_errors() -> Iterator[None]:
    """Turn errors while reading the history into a DemoError."""
    try:
        yield
    except (KafkaError, TimeoutError) as error:
        raise DemoError("The log cannot be read.", log="kafka") from error
    except StoreUnavailable as error:
        raise DemoError("The services' stores cannot be read.", log="mongo") from error


async def _raise_first(work: Awaitable[None]) -> None:
    """Raise the first DemoError of an exception group alone: a person needs one sentence."""
    try:
        await work
    except* DemoError as several:
        first: BaseException = several
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        raise first from None


def show(console: Console, outcome: Outcome) -> Submission | None:
    """Print the table, one timeline and the checks. Returns the request whose timeline was shown."""
    history = outcome.history
    say(console, "")
    console.print(Rule("Every request, and how long after its submit", align="left", style="dim"))
    console.print(report.requests_table(history, console.width))
    say(console, "")
    submission = max(history.acknowledged, key=lambda each: len(each.acts) + len(each.all_files), default=None)
    if submission is not None:
        console.print(Rule("One of them in full, as its author reads it", align="left", style="dim"))
        say(console, "")
        page: Page[Entry] = outcome.pages.get(submission.name, Page())
        report.show_life(console, submission, page.entries, history)
        say(console, "")
    console.print(Rule("Longer lives, and how the date of each answer was counted", align="left", style="dim"))
    show_longer_lives(console, history, outcome.pages, outcome.dates)
    say(console, "")
    console.print(Rule("Special paths", align="left", style="dim"))
    show_special_paths(console, history)
    show_birth(console, outcome.opened)
    say(console, "")
    console.print(Rule("Checks", align="left", style="dim"))
    report.show_checks(console, outcome.checks)
    for sentence in refusals(history):
        console.print(Padding(f"[dim]{sentence}[/]", (0, 0, 0, 2)))
    return submission
