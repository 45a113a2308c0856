"""The explanation of a legal date, day by day. It needs no calendar: the deadline has all that counted."""

from collections.abc import Iterator
from datetime import date
from typing import Final, Literal, NamedTuple

from services.common.legal_clock.deadlines import Deadline, months_later
from services.common.legal_clock.working_days import ONE_DAY, why_weekend

Because = Literal["dilation", "weekend", "holiday", "closed", "suspended"]


class CountedDay(NamedTuple):
    """A day of a term. `number` says that it is the n-th one that counts; otherwise `because` says why it does not, and `pt`
    and `en` say it in words.
    """

    day: date
    because: Because | None
    pt: str
    en: str
    number: int | None


class _Reason(NamedTuple):
    because: Because
    pt: str
    en: str


_DILATION: Final = _Reason("dilation", "Dilação: mora fora do continente", "Dilation: lives outside the mainland")
_SUSPENDED: Final = {
    "documents": _Reason("suspended", "Suspenso: à espera de documentos", "Suspended: waiting for documents"),
    "hearing": _Reason("suspended", "Suspenso: audiência prévia", "Suspended: hearing of the person"),
}


def explain(deadline: Deadline) -> Iterator[CountedDay]:
    """Every day after `entered_on` and up to `due_on`, in order.

    Of a term in working days, exactly its length and its extension count. A term in months runs through weekends and holidays,
    up to its last day. The last day counts, unless a suspension that began on the last counted one added days after it.
    """
    closed = _closed_days(deadline)
    months = _months(deadline, closed)
    dilation, number = deadline.dilation, 0
    for day in _days(deadline):
        continuous = day in months and dilation == 0
        reason = _why_suspended(deadline, day) if continuous else closed.get(day) or _why_suspended(deadline, day)
        if reason is None and dilation > 0:
            reason, dilation = _DILATION, dilation - 1
        if reason is None:
            number += 1
            yield CountedDay(day, None, "", "", number)
        else:
            yield CountedDay(day, *reason, None)


def _days(deadline: Deadline) -> Iterator[date]:
    day = deadline.entered_on
    while day < deadline.due_on:
        day += ONE_DAY
        yield day


def _closed_days(deadline: Deadline) -> dict[date, _Reason]:
    weekends = {day: _Reason(*why) for day in _days(deadline) if (why := why_weekend(day))}
    return weekends | {each.day: _Reason(each.because, each.pt, each.en) for each in deadline.skipped}


def _months(deadline: Deadline, closed: dict[date, _Reason]) -> frozenset[date]:
    """The days of a term in months before its last one: each of them counts."""
    if deadline.unit != "calendar_months":
        return frozenset()
    working = [deadline.entered_on, *(day for day in _days(deadline) if day not in closed)]
    start = working[deadline.dilation]
    last = months_later(start, deadline.length)
    return frozenset(day for day in _days(deadline) if start < day < last)


def _why_suspended(deadline: Deadline, day: date) -> _Reason | None:
    return next((_SUSPENDED[each.because] for each in deadline.suspensions if each.covers(day)), None)
