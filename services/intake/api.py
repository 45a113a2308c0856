"""The internal HTTP API: operators add, list and remove closed days, by signed calls."""

from typing import Annotated, Final, cast

from fastapi import APIRouter, Depends, Request

from services.common.contracts.internal import (
    AddedClosedDays,
    CalendarRequest,
    CalendarResponse,
    ClosedDayRemoval,
    NewClosedDays,
    PublicHoliday,
    RemovedClosedDay,
)
from services.common.http.internal_auth import require_signature
from services.common.http.strict_json import StrictJsonRoute
from services.common.legal_clock import Calendar, Region, public_holidays
from services.intake.calendar import IN_FORCE_AFTER, now, plan_additions
from services.intake.store import ClosedDays

router = APIRouter(prefix="/internal/calendar", route_class=StrictJsonRoute, dependencies=[Depends(require_signature)])

_REGIONS: Final[tuple[Region, ...]] = ("20", "30")


async def get_closed_days(request: Request) -> ClosedDays:
    return cast(ClosedDays, request.app.state.closed_days)


ClosedDaysDep = Annotated[ClosedDays, Depends(get_closed_days)]


@router.post("")
async def get_calendar(body: CalendarRequest, closed_days: ClosedDaysDep) -> CalendarResponse:
    """All that makes a day no working day, but weekends."""
    known = await closed_days.all()
    return CalendarResponse(
        version=Calendar.at(now(), known).version, public_holidays=_public_holidays(body.year), closed_days=known
    )


@router.post("/add")
async def add_closed_days(body: NewClosedDays, closed_days: ClosedDaysDep) -> AddedClosedDays:
    """Close days, for decisions from a minute later on."""
    known = await closed_days.all()
    plan = plan_additions(body.closed_days, known, now() + IN_FORCE_AFTER)
    if body.do:
        await closed_days.add(plan.added)
    return plan


@router.post("/remove")
async def remove_closed_day(body: ClosedDayRemoval, closed_days: ClosedDaysDep) -> RemovedClosedDay:
    """End a closed day, for decisions from a minute later on. A day that was removed before stays as it is."""
    return RemovedClosedDay(closed_day=await closed_days.remove(body.id, now() + IN_FORCE_AFTER))


def _public_holidays(year: int) -> tuple[PublicHoliday, ...]:
    national = public_holidays(year, None)
    holidays = [PublicHoliday(day=day, pt=why.pt, en=why.en) for day, why in national.items()]
    for region in _REGIONS:
        own = {day: why for day, why in public_holidays(year, region).items() if day not in national}
        holidays += [PublicHoliday(day=day, pt=why.pt, en=why.en, region=region) for day, why in own.items()]
    return tuple(sorted(holidays, key=lambda each: each.day))
