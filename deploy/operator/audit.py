"""What is done by hand is said on a topic of its own: begun before anything happens, and ended with what became of it."""

import os
import pwd
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar
from uuid import UUID, uuid4

import orjson
import structlog
from pydantic import ValidationError

from deploy.operator.errors import OperatorError
from deploy.operator.log import Log
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
class Who:
    """Who does it, and why, in their own words."""

    user: str
    name: str | None = None
    reason: str | None = None


def this_user() -> str:
    """The user of the operating system. Who became root is what sudo says; of others a variable proves nothing."""
    number = os.getuid()
    try:
        user = pwd.getpwuid(number).pw_name
    except KeyError:
        user = str(number)
    behind = os.environ.get("SUDO_USER") if number == 0 else None
    return f"{user} ({behind} by sudo)" if behind else user


class Audit:
    """One operation's own record. Every method returns once the broker has it, and raises `BrokerUnavailable`, `TopicMissing`.

    `counts` grows with what the operation did, and stands at its end.
    """

    def __init__(self, publisher: Publisher, who: Who, log: Path | None, operation: UUID | None = None) -> None:
        self.operation = operation or uuid4()
        self._publisher = publisher
        self._who = who
        self._log = log
        self._begun: OperationBegun | None = None
        self.counts: Counter[str] = Counter()

    async def begin(self, action: str, planned: int, terms: Mapping[str, str]) -> None:
        who = asdict(self._who)
        try:
            begun = self._fact(OperationBegun, action=action, terms=dict(terms), planned=planned, **who)
        except ValidationError:
            raise OperatorError("What --reason and --as say is kept: at most 500 characters of plain text.") from None
        # Before anything is done: what cannot be recorded is not begun.
        await self._publisher.require({topics.OPERATIONS})
        await self._say([begun])
        self._begun = begun

    async def letters_ended(self, how: str, letters: Iterable[LetterRef]) -> None:
        named = list(letters)
        chunks = [tuple(named[place : place + MAX_LETTERS]) for place in range(0, len(named), MAX_LETTERS)]
        await self._say([self._fact(LettersEnded, how=how, letters=chunk) for chunk in chunks])
        self.counts[how] += len(named)

    async def advanced(self, done: int, of: int) -> None:
        await self._say([self._fact(OperationAdvanced, done=done, of=of)])

    async def end(self, outcome: str) -> None:
        """Say it on the topic, and in one line of the log."""
        if self._begun is not None:
            self._write(outcome, self._begun)
            await self._say([self._fact(OperationEnded, outcome=outcome, counts=dict(self.counts))])

    def _write(self, outcome: str, begun: OperationBegun) -> None:
        about = begun.model_dump(mode="json", exclude={"occurred_at"}, exclude_none=True)
        line = {"outcome": outcome, "counts": dict(self.counts), **about}
        with self._output() as output:
            _logger(output).info("operation ended", **line)

    @contextmanager
    def _output(self) -> Iterator[Any]:
        """The log's file; standard error where there is none, or where it cannot be written to: it has been done."""
        try:
            file = None if self._log is None else self._log.open("ab")
        except OSError:
            file = None
        if file is None:
            yield sys.stderr.buffer
            return
        with file:
            yield file

    def _fact(self, kind: type[F], **about: Any) -> F:
        return kind(operation_id=self.operation, occurred_at=datetime.now(UTC), **about)

    async def _say(self, facts: Sequence[OperationFact]) -> None:
        await self._publisher.append([raw(fact) for fact in facts])


def raw(fact: OperationFact) -> ProducerRecord:
    """The record of a fact, under an id that follows from all it says."""
    value, key = fact.model_dump_json(), str(fact.operation_id)
    identifier = str(derived_id(SOURCE, key, fact.TYPE, value))
    headers = attributes(type(fact), SOURCE, id=identifier, at=fact.occurred_at, key=key)
    encoded = [(name, text.encode()) for name, text in headers.items()]
    return ProducerRecord(topics.OPERATIONS, key.encode(), value.encode(), encoded)


@dataclass(slots=True)
class Unfinished:
    """An operation that began and did not come to its end, as far as it got."""

    begun: OperationBegun
    done: int = 0


@dataclass(slots=True)
class History:
    """What operators have done. `ended`: for a record that was set aside, the last of its letters that needs nobody."""

    ended: dict[tuple[str, Position], int] = field(default_factory=dict)
    unfinished: dict[UUID, Unfinished] = field(default_factory=dict)

    def take(self, fact: OperationFact) -> None:
        match fact:
            case OperationBegun():
                self.unfinished.setdefault(fact.operation_id, Unfinished(fact)).begun = fact
            case OperationAdvanced() if fact.operation_id in self.unfinished:
                self.unfinished[fact.operation_id].done = fact.done
            case OperationEnded(outcome="done"):
                self.unfinished.pop(fact.operation_id, None)
            case LettersEnded():
                for each in fact.letters:
                    record = (each.group, Position(each.topic, each.partition, each.offset))
                    self.ended[record] = max(self.ended.get(record, -1), -1 if each.letter is None else each.letter)


async def history(log: Log) -> History:
    """All that the topic holds; what cannot be read is somebody else's and is passed over."""
    found = History()
    async for record in log.records(await log.extents(await log.partitions([topics.OPERATIONS]))):
        try:
            event = read(record).event
        except Poison:
            continue
        if isinstance(event, OperationFact):
            found.take(event)
    return found


def _logger(output: Any) -> Any:
    return structlog.wrap_logger(
        structlog.BytesLogger(output),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=lambda event, **_: orjson.dumps(event, default=str)),
        ],
    )
