"""The audit topic: every operation is recorded before it changes anything, and again with its outcome."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar
from uuid import UUID, uuid4

from pydantic import ValidationError

from deploy.operator.errors import OperatorError
from deploy.operator.log import Log
from deploy.operator.operation_log import write_line, write_security_line
from services.common.contracts import topics
from services.common.contracts.operations import (
    MAX_LETTERS,
    LetterRef,
    LettersEnded,
    OperationAdvanced,
    OperationBegun,
    OperationEnded,
    OperationFact,
)
from services.common.domain.errors import Poison
from services.common.domain.identifiers import derived_id
from services.common.domain.position import Position
from services.common.messaging import Publisher
from services.common.messaging.producer.batches import ProducerRecord
from services.common.messaging.records.reader import read
from services.common.messaging.records.writer import attributes

SOURCE: Final = "operator"

F = TypeVar("F", bound=OperationFact)


@dataclass(frozen=True)
class Actor:
    """Who runs an operation, how that was checked (see `identity`), and the reason that they typed."""

    user: str
    identity: str
    reason: str | None = None


class Audit:
    """The records of one operation on the audit topic.

    Every method returns once the broker has acknowledged the record. Raises `BrokerUnavailable` and `TopicMissing`.
    `counts`: what the operation has done so far; the last record contains it.
    """

    def __init__(self, publisher: Publisher, actor: Actor, log: Path | None, operation: UUID | None = None) -> None:
        self.operation = operation or uuid4()
        self._publisher = publisher
        self._actor = actor
        self._log = log
        self._started: OperationBegun | None = None
        self.counts: Counter[str] = Counter()

    async def start(self, action: str, planned: int, terms: Mapping[str, str]) -> None:
        actor = asdict(self._actor)
        try:
            started = self._fact(OperationBegun, action=action, terms=dict(terms), planned=planned, **actor)
        except ValidationError:
            raise OperatorError("--reason is recorded: write at most 500 characters of plain text.") from None
        # An operation that cannot be recorded must not start.
        await self._publisher.require({topics.OPERATIONS})
        await self._publish([started])
        self._started = started
        about = {"operation_id": self.operation, "user": started.user, "identity": started.identity}
        write_security_line(self._log, action, **about)

    async def letters_ended(self, how: str, letters: Iterable[LetterRef]) -> None:
        ended = list(letters)
        chunks = [tuple(ended[first : first + MAX_LETTERS]) for first in range(0, len(ended), MAX_LETTERS)]
        await self._publish([self._fact(LettersEnded, how=how, letters=chunk) for chunk in chunks])
        self.counts[how] += len(ended)

    async def advanced(self, done: int, of: int) -> None:
        await self._publish([self._fact(OperationAdvanced, done=done, of=of)])

    async def end(self, outcome: str) -> None:
        """Write one line to the log, and record the outcome on the topic."""
        if self._started is not None:
            self._log_end(outcome, self._started)
            await self._publish([self._fact(OperationEnded, outcome=outcome, counts=dict(self.counts))])

    def _log_end(self, outcome: str, started: OperationBegun) -> None:
        about = started.model_dump(mode="json", exclude={"occurred_at"}, exclude_none=True)
        write_line(self._log, "operation ended", outcome=outcome, counts=dict(self.counts), **about)

    def _fact(self, kind: type[F], **about: Any) -> F:
        return kind(operation_id=self.operation, occurred_at=datetime.now(UTC), **about)

    async def _publish(self, facts: Sequence[OperationFact]) -> None:
        await self._publisher.append([audit_record(fact) for fact in facts])


def audit_record(fact: OperationFact) -> ProducerRecord:
    """The record of a fact. Its id derives from its content, so a retry repeats the id."""
    value, key = fact.model_dump_json(), str(fact.operation_id)
    identifier = str(derived_id(SOURCE, key, fact.TYPE, value))
    headers = attributes(type(fact), SOURCE, id=identifier, at=fact.occurred_at, key=key)
    encoded = [(name, text.encode()) for name, text in headers.items()]
    return ProducerRecord(topics.OPERATIONS, key.encode(), value.encode(), encoded)


@dataclass(slots=True)
class Unfinished:
    """An operation that started and has not ended, and how much of it is `done`."""

    started: OperationBegun
    done: int = 0


@dataclass(slots=True)
class AuditHistory:
    """All operations so far.

    `ended`: by group and position of a dead-lettered record, the offset of its last dead letter that was handled.
    """

    ended: dict[tuple[str, Position], int] = field(default_factory=dict)
    unfinished: dict[UUID, Unfinished] = field(default_factory=dict)

    def apply(self, fact: OperationFact) -> None:
        match fact:
            case OperationBegun():
                self.unfinished.setdefault(fact.operation_id, Unfinished(fact)).started = fact
            case OperationAdvanced() if fact.operation_id in self.unfinished:
                self.unfinished[fact.operation_id].done = fact.done
            case OperationEnded(outcome="done"):
                self.unfinished.pop(fact.operation_id, None)
            case LettersEnded():
                for each in fact.letters:
                    record = (each.group, Position(each.topic, each.partition, each.offset))
                    self.ended[record] = max(self.ended.get(record, -1), -1 if each.letter is None else each.letter)


async def read_history(log: Log) -> AuditHistory:
    """Read the whole audit topic. Records that cannot be read are skipped: only other programs write such records."""
    history = AuditHistory()
    async for record in log.records(await log.extents(await log.partitions([topics.OPERATIONS]))):
        try:
            event = read(record).event
        except Poison:
            continue
        if isinstance(event, OperationFact):
            history.apply(event)
    return history
