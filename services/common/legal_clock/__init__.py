"""The legal clock: on which day a term ends, and why. Pure: the standard library, Pydantic and `holidays`."""

from services.common.legal_clock.calendar import Calendar, ClosedDay
from services.common.legal_clock.deadlines import Clock, Deadline, SkippedDay, Suspension, deadline
from services.common.legal_clock.explanation import CountedDay, explain
from services.common.legal_clock.lisbon import LISBON, day_of, end_of, moments_of, start_of
from services.common.legal_clock.places import Place, dilation_of, region_of
from services.common.legal_clock.public_holidays import Region, WhyClosed, public_holidays
from services.common.legal_clock.working_days import WorkingDays

__all__ = [
    "LISBON",
    "Calendar",
    "Clock",
    "ClosedDay",
    "CountedDay",
    "Deadline",
    "Place",
    "Region",
    "SkippedDay",
    "Suspension",
    "WhyClosed",
    "WorkingDays",
    "day_of",
    "deadline",
    "dilation_of",
    "end_of",
    "explain",
    "moments_of",
    "public_holidays",
    "region_of",
    "start_of",
]
