"""Records as intake's handlers get them, and a request that is driven through these handlers."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any, Final
from uuid import UUID

from services.common.catalogue import catalogue
from services.common.contracts import Event, topics
from services.common.contracts.asked import ItemDelivery, ItemState, NewItem
from services.common.contracts.base import events_of
from services.common.contracts.lifecycle import CommandRef
from services.common.domain.identifiers import reference_of
from services.common.domain.timers import Timer
from services.common.legal_clock import Calendar, ClosedDay, day_of, start_of
from services.common.messaging import Outcome
from services.common.store import Document, OutboxEntry
from services.intake.domain import Move, Request, Terms, request
from services.intake.handlers import COMMANDS as MOVES, requests_by
from services.intake.messages import (
    AssignmentMade,
    FileAccepted,
    FileRefused,
    LifecycleFact,
    Rated,
    Reopened,
    RequestReplied,
    RequestSubmitted,
    State,
    Withdrawn,
)
from tests.support.received import MONDAY, REQUEST, received

ASSIGNMENT, FILE = UUID(int=5), UUID(int=6)
SOON: Final = MONDAY + timedelta(minutes=1)
COMMANDS: Final = {move: kind for kind, move in MOVES.items()}
IBAN: Final = NewItem(what="Comprovativo do IBAN", why="Para fazer o pagamento.")

_WORDS: Final = {"text": "Foi pago hoje."}
_FIELDS: Final[dict[Move, dict[str, Any]]] = {
    Move.ACKNOWLEDGE: {},
    Move.REQUEST_INFORMATION: _WORDS | {"items": (IBAN,)},
    Move.TRANSFER: _WORDS | {"to": "dd"},
    Move.EXTEND: _WORDS | {"until": date(2026, 2, 16)},
}


class Calendars:
    """The calendars of `closed_days`, which tests may change."""

    def __init__(self, *closed_days: ClosedDay) -> None:
        self.closed_days = list(closed_days)

    def at(self, moment: datetime) -> Calendar:
        return Calendar.at(moment, self.closed_days)


def closed_day(day: date, *, known_from: datetime = MONDAY, department: str | None = None) -> ClosedDay:
    return ClosedDay(
        id=UUID(int=day.toordinal()),
        day=day,
        pt="Tolerância de ponto",
        en="Service closed",
        kind="closed",
        department=department,
        active_from=known_from,
    )


def submitted(**other: Any) -> Any:
    event = RequestSubmitted(
        **{
            "request_id": REQUEST,
            "reference": reference_of(REQUEST),
            "account_id": UUID(int=1),
            "actor_id": UUID(int=1),
            "who": "P",
            "subject": "FAM-01",
            "reason": "NPG",
            "catalogue_version": 1,
            "description": "Não recebi o abono de abril.",
        }
        | other
    )
    return received(event, topic=topics.INTAKE)


def registered(state: State = State.REGISTERED, **other: Any) -> Request:
    first = request.register(None, submitted(), catalogue(), Calendar.of_public_holidays()).state
    assert first is not None
    return first.model_copy(update={"state": state, **other})


def terms_of(current: Request | None) -> Terms:
    """The terms of a request, by the national holidays."""
    return Terms.of(current, Calendar.of_public_holidays(), catalogue())


def fact_names(at: datetime = MONDAY) -> dict[str, Any]:
    return {"request_id": REQUEST, "reference": reference_of(REQUEST), "occurred_at": at}


def command(
    move: Move,
    seen: int = 1,
    epoch: int = 1,
    at: datetime = MONDAY,
    id: str = "c-1",
    department: str = "pf",
    **other: Any,
) -> Any:
    event = COMMANDS[move](
        **fact_names(at),
        assignment_id=ASSIGNMENT,
        department=department,
        epoch=epoch,
        seen=seen,
        command=CommandRef(id=id, topic=topics.outbox(department), partition=3, offset=9),
        **_FIELDS.get(move, _WORDS) | other,
    )
    return received(event, topic=topics.ASSIGNMENTS, at=at, id=f"fact-of-{id}")


def assignment_made(at: datetime = MONDAY, department: str = "pf") -> Any:
    rule = {"rule": "subject:FAM-01", "rules_version": "catalogue/1"}
    event = AssignmentMade(**fact_names(at), assignment_id=ASSIGNMENT, department=department, epoch=1, **rule)
    return received(event, topic=topics.ASSIGNMENTS, at=at)


def file_accepted(
    file: UUID = FILE, media_type: str = "application/pdf", at: datetime = MONDAY, id: str | None = None
) -> Any:
    event = FileAccepted(**fact_names(at), document_id=file, name="a.pdf", media_type=media_type, size=1, sha256="0")
    return received(event, topic=topics.DOCUMENTS, at=at, id=id)


def file_refused(file: UUID = FILE, at: datetime = MONDAY, id: str | None = None) -> Any:
    event = FileRefused(**fact_names(at), document_id=file, because="not-claimed")
    return received(event, topic=topics.DOCUMENTS, at=at, id=id)


def names(**other: Any) -> dict[str, Any]:
    own = {"request_id": REQUEST, "reference": reference_of(REQUEST), "account_id": UUID(int=1)}
    return own | {"actor_id": UUID(int=1)} | other


def replied(id: str = "a-1", at: datetime = SOON, **other: Any) -> Any:
    event = RequestReplied(**names(text="Esqueci-me do recibo.", documents=(FILE,)) | other)
    return received(event, topic=topics.INTAKE, at=at, id=id)


def reopened(id: str = "a-3", at: datetime = SOON, **other: Any) -> Any:
    return received(Reopened(**names(**other)), topic=topics.INTAKE, at=at, id=id)


def withdrawn(id: str = "a-2", at: datetime = SOON, **other: Any) -> Any:
    return received(Withdrawn(**names(**other)), topic=topics.INTAKE, at=at, id=id)


def rated(id: str = "a-4", at: datetime = SOON, score: int = 5, **other: Any) -> Any:
    return received(Rated(**names(score=score, **other)), topic=topics.INTAKE, at=at, id=id)


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
        self.document = fold.change.after
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


def _fact(entry: OutboxEntry) -> LifecycleFact:
    fact = events_of(entry.topic)[entry.headers["ce_type"]].model_validate_json(entry.value)
    assert isinstance(fact, LifecycleFact)
    return fact
