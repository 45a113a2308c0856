"""A request that is driven through intake's own handlers."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from services.common.contracts.asked import ItemDelivery, ItemState, NewItem
from services.common.contracts.base import events_of
from services.common.domain.timers import Timer
from services.common.legal_clock import day_of, start_of
from services.common.messaging import Outcome
from services.common.store import Document, OutboxEntry
from services.intake.domain import Move, Request
from services.intake.handlers import requests_by
from services.intake.messages import DeadlineApproaching, LifecycleFact
from tests.support.received import MONDAY
from tests.unit.intake.builders import (
    IBAN,
    Calendars,
    assignment_made,
    command,
    file_accepted,
    file_refused,
    rated,
    reopened,
    replied,
    submitted,
    withdrawn,
)


class Life:
    """One request, driven through intake's own handlers as the kernel and the sweeper do. `facts` are all it said so far.

    Each act comes a minute after the one before. `outcome` is that of the last record.
    """

    def __init__(self, calendars: Calendars | None = None, *, at: datetime = MONDAY, **filed: Any) -> None:
        self.requests = requests_by(calendars or Calendars())
        self.document: Document[Request] = Document("r")
        self.facts: list[LifecycleFact] = []
        self.outcome = Outcome.APPLIED
        self.now = at
        self.numbers = count(1)
        self.process(submitted(**filed)._replace(at=at))

    @property
    def request(self) -> Request:
        assert self.document.state is not None
        return self.document.state

    @property
    def today(self) -> date:
        return day_of(self.now)

    def process(self, *records: Any) -> list[LifecycleFact]:
        """What the records make the request say."""
        fold = self.requests.fold(self.document, records)
        self.outcome = fold.outcomes[-1]
        # The store gives each saved document the next version.
        self.document = replace(fold.change.after, version=self.document.version + fold.change.dirty)
        said = [_fact(entry) for entry in fold.change.new_events]
        self.facts += said
        return said

    def command(
        self, move: Move, *, seen: int | None = None, epoch: int | None = None, **fields: Any
    ) -> list[LifecycleFact]:
        """The department commands. By default it has seen everything."""
        current = self.request
        fields.setdefault("department", current.department or "pf")
        if move is Move.EXTEND:
            fields.setdefault("until", current.due_on + timedelta(days=14))
        seen = current.seq if seen is None else seen
        at = self._next()
        return self.process(command(move, seen, epoch or current.epoch, at, f"c-{next(self.numbers)}", **fields))

    def ask(self, *items: NewItem) -> list[LifecycleFact]:
        return self.command(Move.REQUEST_INFORMATION, items=items or (IBAN,))

    def write(self, text: str | None = "Falta um papel.", **other: Any) -> list[LifecycleFact]:
        return self.process(replied(self._id("a"), self._next(), **{"text": text, "documents": ()} | other))

    def deliver(self, *deliveries: tuple[int, Sequence[UUID]]) -> list[LifecycleFact]:
        """Files for items, in one message without words."""
        items = tuple(ItemDelivery(item=item, documents=tuple(files)) for item, files in deliveries)
        files = tuple(dict.fromkeys(file for each in items for file in each.documents))
        return self.write(None, documents=files, items=items)

    def accept(self, file: UUID, media_type: str = "application/pdf") -> list[LifecycleFact]:
        return self.process(file_accepted(file, media_type, self._next(), self._id("f")))

    def refuse(self, file: UUID) -> list[LifecycleFact]:
        return self.process(file_refused(file, self._next(), self._id("f")))

    def come_back(self, **other: Any) -> list[LifecycleFact]:
        return self.process(reopened(self._id("a"), self._next(), **other))

    def withdraw(self) -> list[LifecycleFact]:
        return self.process(withdrawn(self._id("a"), self._next()))

    def rate(self, score: int = 5) -> list[LifecycleFact]:
        return self.process(rated(self._id("a"), self._next(), score))

    def route(self, department: str = "pf") -> list[LifecycleFact]:
        return self.process(assignment_made(self._next(), department))

    def fire(self, kind: str, at: datetime) -> list[LifecycleFact]:
        """A timer, due or not."""
        return self.process(self.requests.timer(self.document, Timer(kind, at)))

    def wake(self, moment: datetime) -> list[LifecycleFact]:
        """Go to `moment`, and fire every timer that is due by then, all at once, as after a downtime."""
        said: list[LifecycleFact] = []
        self.now = max(self.now, moment)
        while due := [each for each in self.document.due if each.at <= moment]:
            said += self.process(*(self.requests.timer(self.document, each) for each in due))
        return said

    def live_until(self, day: date) -> list[LifecycleFact]:
        """Go on to ten o'clock of `day`, day by day, and fire every timer on time."""
        said: list[LifecycleFact] = []
        while self.today < day:
            said += self.wake(start_of(self.today + timedelta(days=1)))
        return said + self.wake(start_of(day) + timedelta(hours=10))

    def item_states(self) -> list[ItemState]:
        return [item.state for item in self.request.asked]

    def _next(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now

    def _id(self, kind: str) -> str:
        return f"{kind}-{next(self.numbers)}"


def kinds(facts: Sequence[LifecycleFact]) -> list[type[LifecycleFact]]:
    return [type(fact) for fact in facts]


def warnings(facts: list[LifecycleFact]) -> list[tuple[date, int]]:
    """The day and the working days left of each warning."""
    return [
        (day_of(fact.occurred_at), fact.working_days_left) for fact in facts if isinstance(fact, DeadlineApproaching)
    ]


def _fact(entry: OutboxEntry) -> LifecycleFact:
    fact = events_of(entry.topic)[entry.headers["ce_type"]].model_validate_json(entry.value)
    assert isinstance(fact, LifecycleFact)
    return fact
