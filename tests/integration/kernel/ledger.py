"""A service small enough to see through: entries are booked in an account, once and in order.

One aggregate, one projection and one maker, on topics of their own, so that the kernel's promises can be counted.
"""

import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import Field

from services.common.contracts.base import DomainEvent, Value
from services.common.domain.decision import Decision, changed, refused
from services.common.domain.errors import Poison
from services.common.domain.identifiers import reference_of
from services.common.domain.received import Received
from services.common.domain.timers import Timer
from services.common.messaging import Aggregate, Inserter, Projection, TimerDue

UNLUCKY = 13
"""An account whose last entry this is cannot be closed: our bug."""


class Account(Value):
    """`entries` in the order they were booked; `closes_at` sets a timer."""

    entries: tuple[int, ...] = ()
    said: int = 0
    closes_at: datetime | None = None


class Book(Value):
    """What a reader of the ledger sees: `seq` → entry."""

    lines: dict[str, int] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ledger:
    """The names of one test's ledger, and its tables."""

    prefix: str
    entered: type[Any]
    opened: type[Any]
    booked: type[Any]
    accounts: Aggregate[Account]
    books: Projection[Book]
    slips: Inserter

    @property
    def entries(self) -> str:
        return f"{self.prefix}.entries.v1"

    @property
    def corrections(self) -> str:
        """A second topic of the same entries: what waits for one may wait for the other."""
        return f"{self.prefix}.corrections.v1"

    @property
    def bookings(self) -> str:
        return f"{self.prefix}.bookings.v1"

    def topics(self) -> dict[str, int]:
        letters = {
            self.letters: 1,
            f"{self.corrections}.dlq.{self.prefix}-accounts": 1,
            **dict.fromkeys(self.readers_letters, 1),
        }
        return {self.entries: 2, self.corrections: 2, self.bookings: 2, **letters}

    @property
    def letters(self) -> str:
        return f"{self.entries}.dlq.{self.prefix}-accounts"

    @property
    def readers_letters(self) -> tuple[str, str]:
        """Where the view's and the slips' dead letters lie."""
        return f"{self.bookings}.dlq.{self.prefix}-books", f"{self.bookings}.dlq.{self.prefix}-slips"


def ledger(prefix: str) -> Ledger:
    """The ledger whose topics start with `prefix`."""

    class Entered(DomainEvent, type=f"{prefix}.entered", families=(f"{prefix}.entries.v1", f"{prefix}.corrections.v1")):
        """`how`: `book` it; or be what a `bug` or `poison` (unless repaired), a `refusal` or a `timer` is made of; `killer`, `spinning`, `nowhere`, `bulky`, `huge`;
        `second`, which no new account can book; or `unreadable-view`, on which the view and the slips fail.
        """

        amount: int
        how: str = "book"

    class Opened(DomainEvent, type=f"{prefix}.opened", families=(f"{prefix}.entries.v1",)):
        """An entry that usually is the first."""

        amount: int
        how: str = "book"

    class Booked(DomainEvent, type=f"{prefix}.booked", families=(f"{prefix}.bookings.v1",)):
        seq: int
        amount: int
        note: str = ""

        @property
        def sequence(self) -> int:
            return self.seq

    class Nowhere(DomainEvent, type=f"{prefix}.nowhere", families=(f"{prefix}.nowhere.v1",)):
        pass

    def timers(account: Account) -> Sequence[Timer]:
        return (Timer("close", account.closes_at),) if account.closes_at else ()

    accounts = Aggregate(service=prefix, state=Account, timers=timers, created_by={Opened})
    books = Projection[Book]()
    slips = Inserter()

    def booking(account: Account, received: Received[Any], amount: int, note: str = "") -> Booked:
        request_id = UUID(received.key)
        return Booked(
            request_id=request_id, reference=reference_of(request_id), seq=account.said, amount=amount, note=note
        )

    @accounts.on(Entered, Opened)
    def book(current: Account | None, received: Received[Any]) -> Decision[Account]:
        account, event = current or Account(), received.event
        amount = event.amount
        after = account.model_copy(update={"entries": (*account.entries, amount), "said": account.said + 1})
        match event.how:
            case "bug" if "LEDGER_REPAIRED" not in os.environ:
                raise ZeroDivisionError("a person's words stand here")
            case "poison" if "LEDGER_REPAIRED" not in os.environ:
                raise Poison("impossible")
            case "second" if current is None:
                raise Poison("not-the-first")
            case "refusal":
                told = account.model_copy(update={"said": account.said + 1})
                return refused(told, booking(told, received, amount, "refused"))
            case "timer":
                after = after.model_copy(update={"closes_at": received.at - timedelta(seconds=1)})
                return changed(after, booking(after, received, amount))
            case "spinning":
                while True:
                    pass
            case "killer":
                os.kill(os.getpid(), signal.SIGKILL)
                raise AssertionError("it lives on")
            case "nowhere":
                return changed(after, Nowhere(request_id=event.request_id, reference=event.reference))
            case "unreadable-view":
                return changed(after, booking(after, received, amount, "unreadable"))
            case "bulky":
                return changed(after, booking(after, received, amount, "x" * 20_000))
            case "huge":
                return changed(after, booking(after, received, amount, "x" * 300_000))
            case _:
                return changed(after, booking(after, received, amount))

    @accounts.on_too_many(Entered)
    def turn_away(current: Account | None, received: Received[Entered]) -> Decision[Account]:
        account = current or Account()
        return refused(current, booking(account, received, received.event.amount, "too many"))

    @accounts.on_timer("close")
    def close(current: Account | None, received: Received[TimerDue]) -> Decision[Account]:
        assert current is not None
        assert current.entries[-1] != UNLUCKY
        after = current.model_copy(update={"closes_at": None, "said": current.said + 1})
        return changed(after, booking(after, received, 0, "closed"))

    @books.on(Booked)
    def enter_line(current: Book | None, received: Received[Booked]) -> Book:
        book = current or Book()
        assert received.event.note != "unreadable"
        return Book(lines=book.lines | {str(received.event.seq): received.event.amount})

    @slips.on(Booked)
    def make_slip(received: Received[Booked]) -> list[dict[str, Any]]:
        assert received.event.note != "unreadable"
        return [{"_id": received.id, "key": received.key, "amount": received.event.amount}]

    return Ledger(prefix, Entered, Opened, Booked, accounts, books, slips)
