"""The report of a run: a table of all requests with their times, one timeline, and the checks."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from statistics import median_low
from typing import Final

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from deploy.demo.checks import Check
from deploy.demo.client import Entry
from deploy.demo.screen import COLOURS, say
from deploy.verification.evidence import Submission
from deploy.verification.history import History
from deploy.verification.steps import waits_for_author
from services.common.catalogue import catalogue
from services.common.contracts.intake import RequestSubmitted
from services.common.contracts.lifecycle import State

STATES: Final = (State.REGISTERED, State.IN_ANALYSIS, State.ANSWERED, State.CONCLUDED)
FIXED: Final = 82
"""The width of the table without the subject, in characters."""

WIDE: Final = 100
"""The width from which the table shows the subject."""

WIDEST: Final = 100
"""The maximal width: longer rows are hard to read."""

MEDIAN: Final = "median"
SLOWEST: Final = "slowest"

HARMS_SHOWN: Final = 10


class Clock:
    """Times from the append of the submit to other appends. All of them come from the broker's clock."""

    def __init__(self, history: History) -> None:
        self._history = history

    def to_state(self, submission: Submission, state: State) -> timedelta | None:
        """From the submit to the first fact with this state; None if it was never reached."""
        moments = [record.at for record in self._history.life(submission.request_id) if record.fact.state is state]
        return self.since(submission, min(moments)) if moments else None

    def to_fact(self, submission: Submission, seq: int) -> timedelta | None:
        moments = [record.at for record in self._history.life(submission.request_id) if record.fact.seq == seq]
        return self.since(submission, moments[0]) if moments else None

    def waits_for_author(self, submission: Submission) -> bool:
        facts = self._history.facts(submission.request_id)
        return bool(facts) and waits_for_author(facts)

    def filed(self, submission: Submission) -> datetime:
        """When the submit was appended; the maximal time if it was not."""
        records = self._history.about(submission.request_id, RequestSubmitted)
        return records[0].at if records else datetime.max.replace(tzinfo=UTC)

    def since(self, submission: Submission, moment: datetime) -> timedelta | None:
        return moment - self.filed(submission) if self._history.about(submission.request_id, RequestSubmitted) else None


def requests_table(history: History, width: int) -> Table:
    """One row for each request: its department, and the time from the submit to each state."""
    clock, submissions = Clock(history), history.acknowledged
    names = catalogue()
    mails = Counter(mail.reference for mail in history.mails)
    wide = width >= WIDE
    about = {"about": min(width, WIDEST) - FIXED} if wide else {}
    table = _table(("reference", "dept"), about, ("files", "mails"))
    for each in sorted(submissions, key=lambda each: (each.department, clock.filed(each), each.name)):
        subject = [names.subjects[each.subject].pt] if wide else []
        files = str(len(each.all_files) or "")
        table.add_row(each.name, each.department, *subject, *_times(clock, each), files, str(mails[each.name]))
    if submissions:
        table.add_section()
        for name, row in _median_and_slowest(submissions, clock).items():
            table.add_row(name, "", *([""] if wide else []), *map(_cell, row), "", "", style="bold")
    return table


def _times(clock: Clock, submission: Submission) -> list[Text]:
    """The time to each state. A withdrawn request shows that in place of the last one; one that waits for its author reaches no
    further.
    """
    times = [clock.to_state(submission, state) for state in STATES]
    withdrawn = clock.to_state(submission, State.WITHDRAWN) is not None
    if not withdrawn and not clock.waits_for_author(submission):
        return list(map(_cell, times))
    reached = [Text("–", style="dim") if each is None else _cell(each) for each in times]
    return [*reached[:-1], Text(State.WITHDRAWN, style=COLOURS[State.WITHDRAWN])] if withdrawn else reached


def _table(names: Sequence[str], trimmed: Mapping[str, int], numbers: Sequence[str]) -> Table:
    """An empty table. `trimmed`: columns with a maximal width; all others are never cut."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for name in names:
        table.add_column(name, no_wrap=True, vertical="bottom")
    for name, width in trimmed.items():
        table.add_column(name, no_wrap=True, overflow="ellipsis", style="dim", vertical="bottom", max_width=width)
    for heading in (*(state.replace("_", "\n") for state in STATES), *numbers):
        table.add_column(heading, justify="right", no_wrap=True, vertical="bottom")
    return table


def _median_and_slowest(submissions: Sequence[Submission], clock: Clock) -> dict[str, list[timedelta | None]]:
    times = {state: [clock.to_state(each, state) for each in submissions] for state in STATES}
    columns = [[time for time in times[state] if time is not None] for state in STATES]
    return {
        MEDIAN: [median_low(column) if column else None for column in columns],
        SLOWEST: [max(column, default=None) for column in columns],
    }


def _cell(length: timedelta | None) -> Text:
    return Text("never", style="red") if length is None else Text(duration(length))


def duration(length: timedelta) -> str:
    """Milliseconds below one second, otherwise seconds."""
    seconds = length.total_seconds()
    return f"{seconds * 1000:.0f} ms" if abs(seconds) < 0.9995 else f"{seconds:.2f} s"


def timeline(submission: Submission, entries: Sequence[Entry], history: History) -> Table:
    """The timeline of one request in the author's words, in the order of events."""
    clock = Clock(history)
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", no_wrap=True, style="dim", min_width=8)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for after, entry in sorted(((_moment(clock, submission, entry), entry) for entry in entries), key=_sort_key):
        colour = COLOURS.get(entry.state, "") if entry.state else "dim"
        table.add_row("" if after is None else f"+{duration(after)}", Text(entry.title, style=colour), _detail(entry))
    return table


def _moment(clock: Clock, submission: Submission, entry: Entry) -> timedelta | None:
    fact = None if entry.seq is None else clock.to_fact(submission, entry.seq)
    return clock.since(submission, entry.at) if fact is None else fact


def _sort_key(timed: tuple[timedelta | None, Entry]) -> tuple[timedelta, float]:
    """Sort by time. At the same time, facts come in their order and notices after them."""
    after, entry = timed
    unnumbered = math.inf if entry.type.startswith("delivery.") else 0
    return after or timedelta(), unnumbered if entry.seq is None else entry.seq


def _detail(entry: Entry) -> Text:
    parts = [entry.text, entry.document_name, None if entry.text else entry.department_name]
    parts += [entry.channel, entry.because]
    return Text(" · ".join(part for part in parts if part))


def show_life(console: Console, submission: Submission, entries: Sequence[Entry], history: History) -> None:
    names = catalogue()
    subject, reason = names.subjects[submission.subject], names.reasons[submission.reason]
    heading = Text(submission.name, style="bold")
    heading.append(f"  {subject.pt} · {reason.pt}", style="not bold")
    console.print(heading)
    console.print(Padding(Text(" ".join(submission.description.split()), style="italic dim"), (0, 4, 1, 2)))
    console.print(timeline(submission, entries, history))


def show_checks(console: Console, checks: Sequence[Check]) -> None:
    """One line for each check, and below a failed one its harms."""
    widest = max(len(check.name) for check in checks)
    for check in checks:
        mark, colour = ("✓", "green") if check.passed else ("✗", "bold red")
        say(console, f"[{colour}]{mark}[/] {check.name:<{widest}}  {check.counts}")
        for harm in check.harms[:HARMS_SHOWN]:
            say(console, f"    [red]{harm}[/]")
        if len(check.harms) > HARMS_SHOWN:
            say(console, f"    [red]and {len(check.harms) - HARMS_SHOWN} more[/]")
