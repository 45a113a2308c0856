"""Closed days of departments, by signed calls to intake: it alone owns them."""

from collections.abc import Sequence
from datetime import date
from typing import Final
from uuid import uuid4

from pydantic import ValidationError

from deploy.operator.audit import Actor
from deploy.operator.departments import require_department
from deploy.operator.errors import OperatorError
from deploy.operator.internal_calls import call
from deploy.operator.session import OperatorSession
from services.common.contracts.internal import (
    AddedClosedDays,
    CalendarRequest,
    CalendarResponse,
    ClosedDayRemoval,
    NewClosedDay,
    NewClosedDays,
    RemovedClosedDay,
)
from services.common.contracts.limits import MAX_DAY_NAME
from services.common.legal_clock import ClosedDay

ADD_ACTION: Final = "close-days"
REMOVE_ACTION: Final = "reopen-day"

CALENDAR: Final = "/internal/calendar"
ADD: Final = "/internal/calendar/add"
REMOVE: Final = "/internal/calendar/remove"

YEARS_AHEAD: Final = 3


def parse_day(typed: str, today: date) -> date:
    """The day to close. Raises OperatorError for one that is past, or more than three years away."""
    try:
        day = date.fromisoformat(typed.strip())
    except ValueError:
        raise OperatorError(f"'{typed}' is not a day: write it like {today.isoformat()}.") from None
    if day < today:
        raise OperatorError(f"{day} is in the past: only today and later days can be closed.")
    if (day.year - YEARS_AHEAD, day.month, day.day) > (today.year, today.month, today.day):
        raise OperatorError(f"{day} is more than three years away: check the year.")
    return day


def closed_days_of(
    day: date, name: str, name_en: str | None, departments: Sequence[str], *, holiday: bool
) -> Sequence[NewClosedDay]:
    """One closed day for each department, or one for all of them. Raises OperatorError."""
    codes: list[str | None] = [require_department(each) for each in dict.fromkeys(departments)]
    kind = "holiday" if holiday else "closed"
    try:
        return [
            NewClosedDay(id=uuid4(), day=day, pt=name, en=name_en or name, kind=kind, department=code)
            for code in codes or [None]
        ]
    except ValidationError:
        raise OperatorError(f"A name has between one and {MAX_DAY_NAME} characters.") from None


async def read_calendar(session: OperatorSession, year: int) -> CalendarResponse:
    """The public holidays of the year, and all closed days. Raises OperatorError."""
    return await call(session, "intake", CALENDAR, CalendarRequest(year=year), CalendarResponse)


async def plan_closed_days(session: OperatorSession, days: Sequence[NewClosedDay]) -> AddedClosedDays:
    """What would be added. Raises OperatorError."""
    return await call(session, "intake", ADD, NewClosedDays(closed_days=tuple(days), do=False), AddedClosedDays)


async def add_closed_days(session: OperatorSession, actor: Actor, days: Sequence[NewClosedDay]) -> AddedClosedDays:
    """Close the days, for decisions from a minute later on. Raises OperatorError."""
    first = days[0]
    departments = ",".join(each.department or "" for each in days) or "all"
    terms = {"day": str(first.day), "name": first.pt, "departments": departments}
    async with session.operation(actor, ADD_ACTION, len(days), terms) as audit:
        done = await call(session, "intake", ADD, NewClosedDays(closed_days=tuple(days), do=True), AddedClosedDays)
        audit.counts["added"] = len(done.added)
    return done


async def remove_closed_day(session: OperatorSession, actor: Actor, day: ClosedDay) -> ClosedDay:
    """End a closed day, for decisions from a minute later on. Raises OperatorError."""
    terms = {"id": str(day.id), "day": str(day.day), "name": day.pt, "departments": day.department or "all"}
    async with session.operation(actor, REMOVE_ACTION, 1, terms) as audit:
        removed = await call(session, "intake", REMOVE, ClosedDayRemoval(id=day.id), RemovedClosedDay)
        if removed.closed_day is None:
            raise unknown_day(str(day.id))
        audit.counts["removed"] = 1
    return removed.closed_day


def find_closed_day(typed: str, known: Sequence[ClosedDay]) -> ClosedDay:
    """The day whose id is `typed` or begins with it. Raises OperatorError unless there is exactly one."""
    beginning = typed.strip().lower().replace("-", "")
    found = [each for each in known if beginning and each.id.hex.startswith(beginning)]
    if not found:
        raise unknown_day(typed)
    if len(found) > 1:
        raise OperatorError(f"Several closed days have an id that begins with '{typed}': type more of it.")
    return found[0]


def unknown_day(typed: str) -> OperatorError:
    return OperatorError(f"There is no closed day '{typed}': 'postigo calendar list' shows their ids.")
