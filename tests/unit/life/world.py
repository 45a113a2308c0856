"""A request with a moving clock: intake's own handlers, the sweeper's timers and the calendar, without a broker."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any, Final
from uuid import UUID

from services.common.contracts import topics
from services.common.contracts.base import events_of
from services.common.contracts.lifecycle import CommandRef, LifecycleFact
from services.common.domain.identifiers import reference_of
from services.common.legal_clock import Calendar, ClosedDay
from services.common.messaging import Aggregate
from services.common.store import Document
from services.intake.domain import Request
from services.intake.handlers import requests_by
from tests.support.received import REQUEST, received

NAMES: Final[dict[str, Any]] = {"request_id": REQUEST, "reference": reference_of(REQUEST)}
AUTHOR: Final[dict[str, Any]] = {**NAMES, "account_id": UUID(int=1), "actor_id": UUID(int=1)}
MOST_ROUNDS: Final = 12
"""More rounds of the sweeper at one moment mean a timer that stays due for ever."""


def short(fact: LifecycleFact) -> str:
    return fact.TYPE.removeprefix("pt.postigo.request.").removesuffix(".v1")


class Calendars:
    """The closed days that operators added so far."""

    def __init__(self) -> None:
        self.closed: list[ClosedDay] = []

    def at(self, moment: datetime) -> Calendar:
        return Calendar.at(moment, self.closed)

    def close(self, day: date, since: datetime, number: int) -> None:
        self.closed.append(
            ClosedDay(id=UUID(int=number), day=day, pt="Fecho", en="Closed", kind="closed", active_from=since)
        )


class World:
    """`facts` are all that intake said about the request. They have different fields, so their type is `Any`."""

    def __init__(self, start: datetime) -> None:
        self.now = start
        self.calendars = Calendars()
        self.facts: list[Any] = []
        self._requests: Aggregate[Request] = requests_by(self.calendars)
        self._document: Document[Request] = Document(reference_of(REQUEST))
        self._numbers = count(1)

    @property
    def request(self) -> Request:
        assert self._document.state is not None
        return self._document.state

    def number(self) -> int:
        return next(self._numbers)

    def take(self, event: Any, topic: str, id: str | None = None) -> list[Any]:
        """The facts that a record gives which is appended now."""
        record = received(event, topic=topic, id=id or f"{topic}-{self.number()}", at=self.now, offset=self.number())
        return self._fold([record])

    def act(self, kind: type[Any], **fields: Any) -> list[Any]:
        return self.take(kind(**AUTHOR, **fields), topics.INTAKE)

    def command(self, kind: type[Any], sent_at: datetime, **fields: Any) -> list[Any]:
        """A department's command, which routing passes on now."""
        department = self.request.department or "pf"
        reference = CommandRef(id=f"c-{self.number()}", topic=topics.outbox(department), partition=3, offset=1)
        event = kind(
            **NAMES,
            occurred_at=sent_at,
            assignment_id=UUID(int=5),
            department=department,
            command=reference,
            **fields,
        )
        return self.take(event, topics.ASSIGNMENTS)

    def sweep(self) -> list[Any]:
        """Fire all timers that are due, as often as new ones are."""
        facts: list[Any] = []
        for _ in range(MOST_ROUNDS):
            due = [timer for timer in self._document.due if timer.at <= self.now]
            if not due:
                return facts
            facts += self._fold([self._requests.timer(self._document, timer) for timer in due])
        raise AssertionError(f"{self._document.due} stay due at {self.now}")

    def pass_time(self, **delta: float) -> None:
        self.now += timedelta(**delta)

    def _fold(self, records: Sequence[Any]) -> list[Any]:
        change = self._requests.fold(self._document, records).change
        # The store gives each saved document the next version.
        self._document = replace(change.after, version=self._document.version + change.dirty)
        facts = [
            events_of(entry.topic)[entry.headers["ce_type"]].model_validate_json(entry.value)
            for entry in change.new_events
        ]
        self.facts += facts
        return facts


START: Final = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
