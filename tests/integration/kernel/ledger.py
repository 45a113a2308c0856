"""The ledger: a minimal service for kernel tests. Entries are booked in an account, once and in order.

It has one aggregate (accounts), one projection (books) and one inserter (slips), on its own topics. Tests count entries,
bookings, lines and slips to check the kernel's promises.
"""

import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import Field

from services.common.contracts.base import DomainEvent, PublishedEvent, Value
from services.common.domain.decision import Decision, changed, refused
from services.common.domain.errors import Poison
from services.common.domain.identifiers import derived_text, reference_of
from services.common.domain.poison import PoisonRecord
from services.common.domain.received import Received
from services.common.domain.timers import Timer
from services.common.messaging import Aggregate, Inserter, Projection, TimerDue

UNLUCKY = 13
"""If this is an account's last entry, its timer raises: a simulated bug of ours."""


class Account(Value):
    """`entries` in the order of booking; `published` counts its bookings; `closes_at` sets a timer."""

    entries: tuple[int, ...] = ()
    published: int = 0
    closes_at: datetime | None = None


def _timers(account: Account) -> Sequence[Timer]:
    return (Timer("close", account.closes_at),) if account.closes_at else ()


def _after(account: Account) -> Account:
    """The account after one more booking was published."""
    return account.model_copy(update={"published": account.published + 1})


class Book(Value):
    """The view of an account: `seq` of a booking → its amount."""

    lines: dict[str, int] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ledger:
    """The names, event types and handler tables of one test's ledger."""

    prefix: str
    entered: type[Any]
    opened: type[Any]
    booked: type[Any]
    answered: type[Any]
    accounts: Aggregate[Account]
    books: Projection[Book]
    slips: Inserter

    @property
    def entries(self) -> str:
        return f"{self.prefix}.entries.v1"

    @property
    def corrections(self) -> str:
        """A second topic with the same events."""
        return f"{self.prefix}.corrections.v1"

    @property
    def bookings(self) -> str:
        return f"{self.prefix}.bookings.v1"

    @property
    def answers(self) -> str:
        """The answers to the authors of poison records."""
        return f"{self.prefix}.answers.v1"

    def topics(self) -> dict[str, int]:
        letters = {
            self.letters: 1,
            f"{self.corrections}.dlq.{self.prefix}-accounts": 1,
            **dict.fromkeys(self.view_letters, 1),
        }
        return {self.entries: 2, self.corrections: 2, self.bookings: 2, self.answers: 1, **letters}

    @property
    def letters(self) -> str:
        return f"{self.entries}.dlq.{self.prefix}-accounts"

    @property
    def view_letters(self) -> tuple[str, str]:
        """The dead-letter topics of the view and of the slips."""
        return f"{self.bookings}.dlq.{self.prefix}-books", f"{self.bookings}.dlq.{self.prefix}-slips"


def ledger(prefix: str) -> Ledger:
    """The ledger whose topics start with `prefix`."""

    class Entered(DomainEvent, type=f"{prefix}.entered", families=(f"{prefix}.entries.v1", f"{prefix}.corrections.v1")):
        """An entry. `how` selects what its handler does: `book` books it, the other values simulate a case.

        - `bug`, `poison`: the handler raises, unless `LEDGER_REPAIRED` is set.
        - `refusal`: refused. `timer`: booked, and a timer is set. `second`: poison unless the account exists.
        - `killer`: kills the process. `spinning`: blocks the event loop.
        - `nowhere`: publishes to a missing topic. `bulky`, `huge`: publish large events.
        - `unreadable-view`: booked, but the view and the slips raise.
        """

        amount: int
        how: str = "book"

    class Opened(DomainEvent, type=f"{prefix}.opened", families=(f"{prefix}.entries.v1",)):
        """A creation event: an entry that is usually the first of its account."""

        amount: int
        how: str = "book"

    class Booked(DomainEvent, type=f"{prefix}.booked", families=(f"{prefix}.bookings.v1",)):
        seq: int
        amount: int
        note: str = ""

        @property
        def sequence(self) -> int:
            return self.seq

    class Answered(PublishedEvent, type=f"{prefix}.answered", families=(f"{prefix}.answers.v1",)):
        partition: int
        offset: int
        reason: str

        @property
        def key(self) -> str:
            return derived_text("answered", self.partition, self.offset)

    class Nowhere(DomainEvent, type=f"{prefix}.nowhere", families=(f"{prefix}.nowhere.v1",)):
        pass

    accounts = Aggregate(service=prefix, state=Account, timers=_timers, created_by={Opened})
    books = Projection[Book]()
    slips = Inserter()

    def booking(account: Account, received: Received[Any], amount: int, note: str = "") -> Booked:
        request_id = UUID(received.key)
        return Booked(
            request_id=request_id, reference=reference_of(request_id), seq=account.published, amount=amount, note=note
        )

    @accounts.on(Entered, Opened)
    def book(current: Account | None, received: Received[Any]) -> Decision[Account]:
        account, event = current or Account(), received.event
        amount = event.amount
        after = account.model_copy(update={"entries": (*account.entries, amount), "published": account.published + 1})
        match event.how:
            case "bug" if "LEDGER_REPAIRED" not in os.environ:
                raise ZeroDivisionError("text of a person")
            case "poison" if "LEDGER_REPAIRED" not in os.environ:
                raise Poison("impossible")
            case "second" if current is None:
                raise Poison("not-the-first")
            case "refusal":
                return refused(_after(account), booking(_after(account), received, amount, "refused"))
            case "timer":
                after = after.model_copy(update={"closes_at": received.at - timedelta(seconds=1)})
                return changed(after, booking(after, received, amount))
            case "spinning":
                while True:
                    pass
            case "killer":
                os.kill(os.getpid(), signal.SIGKILL)
                raise AssertionError("SIGKILL did not end the process")
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
    def refuse_beyond_limit(current: Account | None, received: Received[Entered]) -> Decision[Account]:
        account = current or Account()
        return refused(current, booking(account, received, received.event.amount, "too many"))

    @accounts.on_discarded(Entered)
    def answer_discarded(current: Account | None, received: Received[Entered]) -> Decision[Account]:
        return refused(current, booking(_after(current or Account()), received, 0, "discarded"))

    @accounts.on_poison
    def answer(poison: PoisonRecord) -> Sequence[PublishedEvent]:
        return (Answered(partition=poison.position.partition, offset=poison.position.offset, reason=poison.reason),)

    @accounts.on_timer("close")
    def close(current: Account | None, received: Received[TimerDue]) -> Decision[Account]:
        assert current is not None
        assert current.entries[-1] != UNLUCKY
        after = current.model_copy(update={"closes_at": None, "published": current.published + 1})
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

    return Ledger(prefix, Entered, Opened, Booked, Answered, accounts, books, slips)
