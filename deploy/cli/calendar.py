"""`postigo calendar`: add, list and remove the days on which departments are closed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final, NamedTuple

from deploy.cli.invocation import Invocation
from deploy.cli.printing import console, escape, print_json, table
from deploy.local.hints import typed
from deploy.operator.calendar import (
    add_closed_days,
    closed_days_of,
    find_closed_day,
    parse_day,
    plan_closed_days,
    read_calendar,
    remove_closed_day,
)
from deploy.operator.departments import require_department
from deploy.operator.errors import OperatorError
from deploy.operator.session import OperatorSession
from services.common.contracts.internal import AddedClosedDays, CalendarResponse, NewClosedDay
from services.common.legal_clock import Calendar, ClosedDay, day_of

_EVERYBODY: Final = "everybody"
_REGIONS: Final = {None: _EVERYBODY, "20": "Azores", "30": "Madeira"}

_ID_LENGTH: Final = 8
"""Characters of an id that a table shows. `remove` takes the beginning of an id."""


@dataclass(frozen=True)
class NewDay:
    """The arguments of `calendar add`."""

    day: str
    name: str
    name_en: str | None
    departments: Sequence[str]
    holiday: bool


class Row(NamedTuple):
    """A day that does not count, who it is closed for, and its id if an operator added it."""

    day: date
    kind: str
    closed_for: str
    id: str
    pt: str
    en: str
    active_from: datetime | None = None
    removed_from: datetime | None = None


def add(invocation: Invocation, new: NewDay) -> None:
    invocation.require_reason("Dates of people and departments move")
    day = parse_day(new.day, today())
    if reason := _changes_nothing(day):
        raise OperatorError(f"{reason} Nothing was added.")
    days = closed_days_of(day, new.name, new.name_en, new.departments, holiday=new.holiday)
    invocation.with_session(lambda session: _add(session, invocation, days))


async def _add(session: OperatorSession, invocation: Invocation, days: Sequence[NewClosedDay]) -> None:
    plan = await plan_closed_days(session, days)
    if not plan.added:
        first = plan.existing[0]
        raise OperatorError(f"{first.day} is closed already: {first.pt}, {_closed_for(first)} ({_short(first)}).")
    if invocation.do:
        plan = await add_closed_days(session, await invocation.actor(session), days)
    if invocation.as_json:
        added, existing = ([each.model_dump(mode="json") for each in days] for days in (plan.added, plan.existing))
        print_json({"added": added, "existing": existing, "done": invocation.do})
        return
    _print_added(invocation, plan)


def _print_added(invocation: Invocation, plan: AddedClosedDays) -> None:
    screen, done = console(), invocation.do
    for each in plan.added:
        what = f"{_named(each.day)} {'is' if done else 'would be'} closed, {_closed_for(each)}: {escape(each.pt)}"
        screen.print(f"{what} ({_short(each)})." if done else f"{what}.")
    for each in plan.existing:
        screen.print(f"It is closed already, {_closed_for(each)}: {escape(each.pt)} ({_short(each)}).")
    _print_when(invocation, plan.added[0].active_from if done and plan.added else None)


def list_days(invocation: Invocation, department: str | None, year: int | None) -> None:
    if department is not None:
        require_department(department)
    chosen = year or today().year
    calendar = invocation.with_session(lambda session: read_calendar(session, chosen))
    rows = list(rows_of(calendar, chosen, department, datetime.now(UTC)))
    if invocation.as_json:
        print_json({"year": chosen, "version": calendar.version, "days": [row._asdict() for row in rows]})
        return
    screen = console()
    of = f" of {department}" if department else ""
    screen.print(f"Days that are no working days in {chosen}{of}, by the calendar {calendar.version}:\n")
    days = table("Day", "Kind", "For", "Id", "Name")
    for row in rows:
        days.add_row(_named(row.day), row.kind, row.closed_for, row.id[:_ID_LENGTH], _name(row))
    screen.print(days)
    if not any(row.id for row in rows):
        screen.print("\nNo closed days were added.")
    screen.print()
    for what, words in (("Add one", ["add", "--help"]), ("Remove one", ["remove", "ID"])):
        screen.print(f"{what}: {typed('calendar', *words, home=invocation.home)}", soft_wrap=True)


def rows_of(calendar: CalendarResponse, year: int, department: str | None, now: datetime) -> Iterator[Row]:
    """The days of the year that count for the department (None: for any), by date. Removed days are left out."""
    rows = [Row(each.day, "holiday", _REGIONS[each.region], "", each.pt, each.en) for each in calendar.public_holidays]
    for each in calendar.closed_days:
        ended = each.removed_from is not None and each.removed_from <= now
        counts = each.day.year == year and department in (None, each.department or department)
        if counts and not ended:
            closed_for = each.department or _EVERYBODY
            names = (str(each.id), each.pt, each.en)
            rows.append(Row(each.day, each.kind, closed_for, *names, each.active_from, each.removed_from))
    yield from sorted(rows, key=lambda row: (row.day, row.closed_for))


def remove(invocation: Invocation, identifier: str) -> None:
    invocation.require_reason("Dates of people and departments move")
    invocation.with_session(lambda session: _remove(session, invocation, identifier))


async def _remove(session: OperatorSession, invocation: Invocation, identifier: str) -> None:
    known = (await read_calendar(session, today().year)).closed_days
    found = find_closed_day(identifier, known)
    if found.removed_from is not None:
        raise OperatorError(f"{found.day}, {found.pt}, was removed already.")
    if invocation.do:
        found = await remove_closed_day(session, await invocation.actor(session), found)
    if invocation.as_json:
        print_json({"removed": found.model_dump(mode="json"), "done": invocation.do})
        return
    would = "is no longer" if invocation.do else "would no longer be"
    console().print(f"{_named(found.day)} {would} closed, {_closed_for(found)}: {escape(found.pt)}.")
    _print_when(invocation, found.removed_from)


def _print_when(invocation: Invocation, moment: datetime | None) -> None:
    """When a change counts; without a moment nothing was done."""
    screen = console()
    if moment is None:
        screen.print(f"\n{invocation.dry_run}")
        return
    screen.print(
        f"It counts in dates computed from {moment:%H:%M:%S} UTC on. Dates that people were given "
        "are counted again at the next step of their request."
    )


def _changes_nothing(day: date) -> str | None:
    """Why a day changes no date, as a sentence; None if it does."""
    why = Calendar.of_public_holidays().working_days(None, None).why_closed(day)
    if why is None:
        return None
    what = f"a {why.en}" if why.because == "weekend" else f"a public holiday ({why.en})"
    return f"{day} is {what}: it is no working day anyway, and closing it would change no date."


def today() -> date:
    return day_of(datetime.now(UTC))


def _named(day: date) -> str:
    return f"{day} {day:%a}"


def _name(row: Row) -> str:
    now, name = datetime.now(UTC), escape(row.pt)
    if row.removed_from is not None:
        return f"{name} (until {row.removed_from:%H:%M:%S} UTC)"
    if row.active_from is not None and row.active_from > now:
        return f"{name} (from {row.active_from:%H:%M:%S} UTC)"
    return name


def _closed_for(day: ClosedDay) -> str:
    return f"for {day.department or 'every department'}"


def _short(day: ClosedDay) -> str:
    return f"id {str(day.id)[:_ID_LENGTH]}"
