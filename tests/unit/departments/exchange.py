"""One request between its author, intake, routing and departments, by their own handlers and without a broker."""

from collections import deque
from collections.abc import Sequence
from datetime import timedelta
from itertools import count
from typing import Any, Final
from uuid import UUID

from services.common.contracts import Event, events_of, topics
from services.common.contracts.base import Fact
from services.common.contracts.commands import (
    Acknowledge,
    Command,
    Extend,
    Hear,
    MeansOfAppeal,
    RequestedItem,
    RequestInformation,
    Resolve,
    Transfer,
)
from services.common.contracts.decisions import Outcome
from services.common.contracts.departments import Assignment, CommandRejected, TransferredOften
from services.common.contracts.documents import FileAccepted, FileRefused
from services.common.contracts.intake import Rated, Reopened, RequestReplied, RequestSubmitted, Withdrawn
from services.common.contracts.lifecycle import LifecycleFact
from services.common.domain.identifiers import reference_of
from services.common.domain.received import Received
from services.common.messaging.handlers.blocked import with_parked
from services.common.store import Document, OutboxEntry
from services.intake.domain import Request
from services.routing.domain import Assignment as RoutingState
from services.routing.handlers import assignments
from tests.support.intake import requests
from tests.support.received import MONDAY, REQUEST, received

OUTBOX: Final = topics.outbox("pf")
ACCOUNT: Final = UUID(int=1)
NAMES: Final[dict[str, Any]] = {"request_id": REQUEST, "reference": reference_of(REQUEST)}
ITEMS: Final = (
    RequestedItem(what="Certidão de nascimento", why="Prova a filiação"),
    RequestedItem(what="Comprovativo do IBAN", why="Para pagar", formats=("application/pdf",)),
)


class Exchange:
    """`inboxes` and `rejections` are what the departments have been sent so far, and `facts` what was said to everybody.

    Acts, files and commands happen at `now`. Records of the topics in `held` wait until `release`. While `faulty`, routing fails
    at each command by a fault of ours; `parked` are the records that wait since, in order.
    """

    def __init__(self, reason: str = "NPG", subject: str = "FAM-01") -> None:
        self.request: Document[Request] = Document("r")
        self.assignment: Document[RoutingState] = Document("r")
        self.inboxes: dict[str, list[Assignment]] = {}
        self.alarms: list[TransferredOften] = []
        self.rejections: list[CommandRejected] = []
        self.facts: list[LifecycleFact] = []
        self.now = MONDAY
        self.held: set[str] = set()
        self._waiting: deque[Any] = deque()
        self.faulty = False
        self.parked: list[Received[Any]] = []
        self._requests = requests
        self._numbers = count(1)
        filed = {
            "who": "P",
            "subject": subject,
            "reason": reason,
            "catalogue_version": 1,
            "description": "Falta-me o abono.",
        }
        self._act(RequestSubmitted, **filed)

    @property
    def inbox(self) -> list[Assignment]:
        """All inbox events of the request, in order."""
        return sorted((event for inbox in self.inboxes.values() for event in inbox), key=lambda event: event.number)

    @property
    def latest(self) -> Assignment:
        """What the department that has the case knows."""
        return self.inbox[-1]

    def write(self, *documents: UUID, items: Sequence[Any] = ()) -> None:
        """The person writes, and the department is told."""
        self._act(RequestReplied, text="Esqueci-me do recibo.", documents=documents, items=tuple(items))

    def withdraw(self) -> None:
        self._act(Withdrawn)

    def reopen(self) -> None:
        self._act(Reopened)

    def rate(self) -> None:
        self._act(Rated, score=5)

    def accept(self, document: UUID, media_type: str = "application/pdf") -> None:
        about = {"name": "a.pdf", "media_type": media_type, "size": 1, "sha256": "0"}
        self._carry(self._said(FileAccepted(**NAMES, occurred_at=self.now, document_id=document, **about)))

    def refuse(self, document: UUID) -> None:
        self._carry(self._said(FileRefused(**NAMES, occurred_at=self.now, document_id=document, because="expired")))

    def command(self, kind: type[Command], id: str, topic: str = OUTBOX, **changes: Any) -> None:
        """A department answers the latest inbox event, with `changes`."""
        event = self.latest
        fields: dict[str, Any] = {"assignment_id": event.assignment_id, "epoch": event.epoch, "seen": event.as_of}
        record = received(
            kind(**fields | self.data(kind) | changes), topic=topic, at=self.now, id=id, offset=next(self._numbers)
        )
        self._carry(record)

    def data(self, kind: type[Command]) -> dict[str, Any]:
        """What a command of this kind says."""
        own: dict[type[Command], dict[str, Any]] = {
            Acknowledge: {},
            RequestInformation: {"items": ITEMS},
            Hear: {"text": "Tencionamos indeferir."},
            Transfer: {"to": "dd", "text": "É do desemprego."},
            Extend: {"until": self.latest.due_on + timedelta(days=14), "text": "Falta um parecer."},
            Resolve: {
                "outcome": Outcome.REFUSED,
                "grounds": "Artigo 5.º",
                "appeal": MeansOfAppeal(means="Tribunal", until=self.now.date() + timedelta(days=90)),
                "text": "Indeferido.",
            },
        }
        return own.get(kind, {"text": "Está pago."})

    def send(self, code: str, value: bytes, headers: dict[str, bytes]) -> None:
        """A department appends a record to its outbox."""
        topic = topics.outbox(code)
        event = events_of(topic)[headers["ce_type"].decode()].model_validate_json(value)
        id = headers["ce_id"].decode()
        self._carry(received(event, topic=topic, at=self.now, id=id, offset=next(self._numbers)))

    def pass_time(self) -> bool:
        """The next timer of the request fires. False if there is none."""
        due = min(self.request.due, key=lambda timer: timer.at, default=None)
        if due is None:
            return False
        self.now = max(self.now, due.at)
        self._carry(self._requests.timer(self.request, due))
        return True

    def release(self) -> None:
        """Process the records that were held, in order."""
        self.held.clear()
        while self._waiting:
            self._carry(self._waiting.popleft())

    def _act(self, kind: type[Any], **fields: Any) -> None:
        event = kind(**NAMES, account_id=ACCOUNT, actor_id=ACCOUNT, **fields)
        self._carry(received(event, topic=topics.INTAKE, at=self.now, id=f"a-{next(self._numbers)}"))

    def _said(self, event: Fact) -> Any:
        return received(event, topic=event.topic, at=self.now, id=f"f-{next(self._numbers)}")

    def redrive(self) -> None:
        """An operator lets routing apply the first parked record."""
        self._carry(self.parked.pop(0))

    def discard(self, number: int = 0) -> None:
        """An operator discards a parked record."""
        change = assignments.discard(self.assignment, self.parked.pop(number))
        self.assignment = change.after
        self._deliver(change.new_events)

    def _carry(self, record: Any) -> None:
        """Process the record and everything that it causes, in order."""
        waiting = deque([record])
        while waiting:
            each = waiting.popleft()
            if each.topic in self.held:
                self._waiting.append(each)
            else:
                waiting += self._deliver([*self._intake(each), *self._routing(each)])

    def _deliver(self, entries: Sequence[OutboxEntry]) -> list[Any]:
        """Hand the departments their events. Returns the records for intake and routing."""
        records = []
        for entry in entries:
            event = _event(entry)
            if isinstance(event, Assignment):
                self.inboxes.setdefault(event.department, []).append(event)
            elif isinstance(event, CommandRejected):
                self.rejections.append(event)
            elif isinstance(event, TransferredOften):
                self.alarms.append(event)
            else:
                if isinstance(event, LifecycleFact):
                    self.facts.append(event)
                records.append(received(event, topic=entry.topic, at=self.now, id=entry.id, offset=next(self._numbers)))
        return records

    def _intake(self, record: Any) -> list[OutboxEntry]:
        if record.topic not in (topics.INTAKE, topics.ASSIGNMENTS, topics.DOCUMENTS, "timer"):
            return []
        change = self._requests.fold(self.request, [record]).change
        self.request = change.after
        return change.new_events

    def _routing(self, record: Any) -> list[OutboxEntry]:
        if record.topic != topics.LIFECYCLE and topics.family(record.topic) != "departments.*.outbox.v1":
            return []
        if not assignments.targets(record):
            return []
        if self.faulty and not self.assignment.blocked and record.topic != topics.LIFECYCLE:
            self.parked.append(record)
            self.assignment = with_parked(self.assignment, record).after
            return []
        fold = assignments.fold(self.assignment, [record])
        self.parked += fold.to_park
        self.assignment = fold.change.after
        return fold.change.new_events


def _event(entry: OutboxEntry) -> Event:
    return events_of(entry.topic)[entry.headers["ce_type"]].model_validate_json(entry.value)
