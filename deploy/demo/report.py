"""What a run leaves on the screen: every request with its times, one life in full, the checks, and what to try next."""

import shlex
from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import median_low
from typing import Final
from uuid import UUID

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from deploy.demo.cases import Case
from deploy.demo.client import Entry
from deploy.demo.evidence import Evidence
from deploy.demo.facts import Check
from deploy.demo.screen import COLOURS, say
from deploy.demo.stage import Stage
from services.common.catalogue import catalogue
from services.common.contracts.intake import RequestSubmitted
from services.common.contracts.lifecycle import LifecycleFact, State

STATES: Final = (State.REGISTERED, State.IN_ANALYSIS, State.ANSWERED, State.CONCLUDED)
FIXED: Final = 82
"""Columns that the table takes without saying what a request is about."""

WIDE: Final = 100
"""Columns from which it says that too."""

HARMS_SHOWN: Final = 10


class Clock:
    """When things were appended to the log, counted from the append of the submit itself. The broker's clock alone."""

    def __init__(self, evidence: Evidence) -> None:
        self._filed: dict[UUID, datetime] = {}
        self._facts: dict[UUID, dict[int, tuple[datetime, State]]] = {}
        for received in evidence.records:
            if isinstance(received.event, RequestSubmitted):
                self._filed.setdefault(received.event.request_id, received.at)
            elif isinstance(received.event, LifecycleFact):
                life = self._facts.setdefault(received.event.request_id, {})
                life.setdefault(received.event.seq, (received.at, received.event.state))

    def to_state(self, case: Case, state: State) -> timedelta | None:
        """From the submit to the first fact after which the request stood there."""
        moments = [at for at, stood in self._facts.get(case.request_id, {}).values() if stood is state]
        return self.since(case, min(moments)) if moments else None

    def to_fact(self, case: Case, seq: int) -> timedelta | None:
        found = self._facts.get(case.request_id, {}).get(seq)
        return self.since(case, found[0]) if found else None

    def since(self, case: Case, moment: datetime) -> timedelta | None:
        filed = self._filed.get(case.request_id)
        return None if filed is None else moment - filed


def requests_table(cases: Sequence[Case], evidence: Evidence, width: int) -> Table:
    """A row for each request: where it went, and how long after its submit it stood in each state."""
    clock = Clock(evidence)
    names = catalogue()
    mails = [mail.reference for mail in evidence.mails]
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("reference", no_wrap=True, vertical="bottom")
    table.add_column("dept", no_wrap=True, vertical="bottom")
    if width >= WIDE:
        room = width - FIXED
        table.add_column("about", no_wrap=True, overflow="ellipsis", style="dim", vertical="bottom", max_width=room)
    for heading in (*(state.replace("_", "\n") for state in STATES), "files", "mails"):
        table.add_column(heading, justify="right", no_wrap=True, vertical="bottom")
    for case in sorted(cases, key=lambda case: (case.row.department, case.reference)):
        about = [names.subjects[case.row.subject].pt] if width >= WIDE else []
        times = [_cell(clock.to_state(case, state)) for state in STATES]
        files = str(len(case.attachments) or "")
        table.add_row(case.reference, case.row.department, *about, *times, files, str(mails.count(case.reference)))
    if cases:
        table.add_section()
        _add_medians(table, cases, clock, wide=width >= WIDE)
    return table


def _add_medians(table: Table, cases: Sequence[Case], clock: Clock, *, wide: bool) -> None:
    columns = [[each for case in cases if (each := clock.to_state(case, state)) is not None] for state in STATES]
    medians = [median_low(column) if column else None for column in columns]
    slowest = [max(column, default=None) for column in columns]
    for name, row in (("median", medians), ("slowest", slowest)):
        table.add_row(name, "", *([""] if wide else []), *map(_cell, row), "", "", style="bold")


def _cell(length: timedelta | None) -> Text:
    return Text("never", style="red") if length is None else Text(duration(length))


def duration(length: timedelta) -> str:
    """Milliseconds up to a second, seconds from there."""
    seconds = length.total_seconds()
    return f"{seconds * 1000:.0f} ms" if abs(seconds) < 0.9995 else f"{seconds:.2f} s"


def timeline(case: Case, entries: Sequence[Entry], evidence: Evidence) -> Table:
    """One request from its submit on, in the words its author reads and in the order in which it happened."""
    clock = Clock(evidence)
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", no_wrap=True, style="dim", min_width=8)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    moments = [
        clock.since(case, entry.at) if entry.seq is None else clock.to_fact(case, entry.seq) for entry in entries
    ]
    for after, entry in sorted(zip(moments, entries, strict=True), key=lambda each: each[0] or timedelta()):
        colour = COLOURS.get(entry.state, "") if entry.state else "dim"
        table.add_row("" if after is None else f"+{duration(after)}", Text(entry.title, style=colour), _detail(entry))
    return table


def _detail(entry: Entry) -> Text:
    parts = [entry.text, entry.document_name, None if entry.text else entry.department_name]
    parts += [entry.channel, entry.because]
    return Text(" · ".join(part for part in parts if part))


def show_life(console: Console, case: Case, entries: Sequence[Entry], evidence: Evidence) -> None:
    names = catalogue()
    subject, reason = names.subjects[case.row.subject], names.reasons[case.row.reason]
    heading = Text(case.reference, style="bold")
    heading.append(f"  {subject.pt} · {reason.pt}", style="not bold")
    console.print(heading)
    console.print(Padding(Text(" ".join(case.row.description.split()), style="italic dim"), (0, 4, 1, 2)))
    console.print(timeline(case, entries, evidence))


def show_checks(console: Console, checks: Sequence[Check]) -> None:
    """A line for each check; under one that failed, what is wrong, by reference."""
    widest = max(len(check.name) for check in checks)
    for check in checks:
        mark, colour = ("✓", "green") if check.passed else ("✗", "bold red")
        say(console, f"[{colour}]{mark}[/] {check.name:<{widest}}  {check.counts}")
        for harm in check.harms[:HARMS_SHOWN]:
            say(console, f"    [red]{harm}[/]")
        if len(check.harms) > HARMS_SHOWN:
            say(console, f"    [red]and {len(check.harms) - HARMS_SHOWN} more[/]")


def show_hints(console: Console, case: Case, stage: Stage) -> None:
    """What to try while everything is up. The three lines work when they are pasted into a shell, in this order."""
    url, account = stage.env["PUBLIC_URL"], case.account
    stop = "Ctrl-C stops everything; the data is kept" if stage.own else "Ctrl-C; what ran before goes on running"
    hints = {"NISS": account.niss, "password": account.password, "API page": f"{url}/docs"}
    hints |= {"mails": str(stage.home.mails), "to stop": stop}
    say(console, "\nEverything stays up. Try it as one of the people in the demonstration:\n")
    for name, value in hints.items():
        say(console, f"  [dim]{name:<9}[/] {value}")
    for title, line in zip(("sign in", "file", "read"), curl_lines(case, url), strict=True):
        say(console, f"\n[dim]# {title}[/]")
        console.print(line, soft_wrap=True, markup=False)
    say(console, "")


def curl_lines(case: Case, url: str) -> tuple[str, str, str]:
    """Sign in, file, read: shell lines for anybody's terminal."""
    json = "-H 'Content-Type: application/json'"
    bearer = '-H "Authorization: Bearer $TOKEN"'
    credentials = f'{{"niss":"{case.account.niss}","password":"{case.account.password}"}}'
    words = '{"subject":"FAM-01","reason":"INF","description":"Quando recebo o abono de família deste mês?"}'
    key = '-H "Idempotency-Key: $(cat /proc/sys/kernel/random/uuid)"'
    return (
        f"TOKEN=$(curl -s {url}/v1/sessions {json} -d {shlex.quote(credentials)} | {_only('token')})",
        f"REF=$(curl -s {url}/v1/requests {bearer} {key} {json} -d {shlex.quote(words)} | {_only('reference')}); echo $REF",
        f"curl -s {url}/v1/requests/$REF/timeline {bearer} | python3 -m json.tool --no-ensure-ascii",
    )


def _only(field: str) -> str:
    """A filter that leaves the value of one field of flat JSON."""
    return f"""sed 's/.*"{field}":"\\([^"]*\\)".*/\\1/'"""
