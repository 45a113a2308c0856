"""The calendar of one moment: the public holidays, and the closed days that operators added."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from services.common.domain.values import Code, Value
from services.common.legal_clock.places import region_of
from services.common.legal_clock.public_holidays import HOLIDAYS_VERSION, Region, WhyClosed
from services.common.legal_clock.working_days import WorkingDays


class ClosedDay(Value):
    """A municipal holiday (`holiday`), or a day on which the service is closed, even for half a day (`closed`).

    `department`: None for every department. It counts for decisions at or after `active_from` and before `removed_from`.
    """

    id: UUID
    day: date
    pt: str
    en: str
    kind: Literal["holiday", "closed"]
    department: Code | None = None
    active_from: datetime
    removed_from: datetime | None = None

    def changes(self) -> tuple[datetime, ...]:
        """When the calendar changes because of it."""
        return (self.active_from,) if self.removed_from is None else (self.active_from, self.removed_from)

    def in_force(self, moment: datetime) -> bool:
        return self.active_from <= moment and (self.removed_from is None or moment < self.removed_from)


class Calendar:
    """What is known at one moment. Immutable.

    `version` is that of the public holidays and, after `+`, the number of changes since: a removal is one too.
    """

    def __init__(self, version: str, closed_days: Iterable[ClosedDay]) -> None:
        self.version = version
        self.closed_days = tuple(sorted(closed_days, key=lambda each: (each.active_from, each.id)))
        self._working_days: dict[tuple[str | None, Region | None], WorkingDays] = {}

    @classmethod
    def of_public_holidays(cls) -> "Calendar":
        """The calendar without closed days."""
        return cls(HOLIDAYS_VERSION, ())

    @classmethod
    def at(cls, moment: datetime, closed_days: Iterable[ClosedDay]) -> "Calendar":
        """The calendar of a decision at `moment`, from all closed days that were ever added."""
        known = tuple(closed_days)
        changes = sum(change <= moment for each in known for change in each.changes())
        version = f"{HOLIDAYS_VERSION}+{changes}" if changes else HOLIDAYS_VERSION
        return cls(version, (each for each in known if each.in_force(moment)))

    def working_days(self, department: str | None, place: str | None) -> WorkingDays:
        """The working days of a department (None: not known yet) for a person who lives at `place` (None: the mainland)."""
        key = (department, region_of(place))
        found = self._working_days.get(key)
        if found is None:
            found = self._working_days[key] = WorkingDays(self.version, key[1], self._closed(department))
        return found

    def _closed(self, department: str | None) -> dict[date, WhyClosed]:
        """The first name of a day is kept."""
        closed: dict[date, WhyClosed] = {}
        for each in self.closed_days:
            if each.department in (None, department):
                closed.setdefault(each.day, WhyClosed(each.kind, each.pt, each.en))
        return closed
