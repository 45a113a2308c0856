"""One request between intake, routing and its department, by their own handlers and without a broker."""

from collections import deque
from itertools import count
from typing import Any, Final

from services.common.contracts import Event, events_of, topics
from services.common.contracts.departments import Assignment, CommandRejected
from services.common.store import Document, OutboxEntry
from services.intake.domain import Request
from services.intake.handlers import requests
from services.routing.domain import Assignment as RoutingState
from services.routing.handlers import assignments
from tests.support.received import received
from tests.unit.intake.test_acts import replied, withdrawn
from tests.unit.intake.test_request import submitted

OUTBOX: Final = topics.outbox("pf")


class Exchange:
    """`inbox` and `rejections` are what the department has been sent so far."""

    def __init__(self) -> None:
        self.request: Document[Request] = Document("r")
        self.assignment: Document[RoutingState] = Document("r")
        self.inbox: list[Assignment] = []
        self.rejections: list[CommandRejected] = []
        self._numbers = count(1)
        self._carry(submitted())

    @property
    def latest(self) -> Assignment:
        return self.inbox[-1]

    def write(self) -> None:
        """The person writes, and the department is told."""
        self._carry(replied(id=f"a-{next(self._numbers)}"))

    def withdraw(self) -> None:
        self._carry(withdrawn(id=f"a-{next(self._numbers)}"))

    def command(self, kind: type[Any], id: str, topic: str = OUTBOX, **changes: Any) -> None:
        """The department answers its latest inbox event, with `changes`."""
        event = self.latest
        fields = {"assignment_id": event.assignment_id, "epoch": event.epoch, "seen": event.as_of, "text": "Está pago."}
        self._carry(received(kind(**fields | changes), topic=topic, id=id, offset=next(self._numbers)))

    def _carry(self, record: Any) -> None:
        """Process the record and everything that it causes, in order."""
        waiting = deque([record])
        while waiting:
            each = waiting.popleft()
            for entry in [*self._intake(each), *self._routing(each)]:
                event = _event(entry)
                if isinstance(event, Assignment):
                    self.inbox.append(event)
                elif isinstance(event, CommandRejected):
                    self.rejections.append(event)
                else:
                    waiting.append(received(event, topic=entry.topic, id=entry.id))

    def _intake(self, record: Any) -> list[OutboxEntry]:
        if record.topic not in (topics.INTAKE, topics.ASSIGNMENTS):
            return []
        change = requests.fold(self.request, [record]).change
        self.request = change.after
        return change.new_events

    def _routing(self, record: Any) -> list[OutboxEntry]:
        if record.topic != topics.LIFECYCLE and topics.family(record.topic) != "departments.*.outbox.v1":
            return []
        if not assignments.targets(record):
            return []
        change = assignments.fold(self.assignment, [record]).change
        self.assignment = change.after
        return change.new_events


def _event(entry: OutboxEntry) -> Event:
    return events_of(entry.topic)[entry.headers["ce_type"]].model_validate_json(entry.value)
