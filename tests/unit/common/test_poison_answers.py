"""Who is answered when records cannot be read, also while a topic is missing, or after the process was killed."""

from collections.abc import Sequence
from typing import Any, cast

import pytest
from aiokafka import ConsumerRecord

from services.common.contracts import topics
from services.common.domain.errors import BrokerUnavailable, TopicMissing
from services.common.domain.poison import PoisonRecord
from services.common.domain.position import Position
from services.common.messaging.consumer.batch_processor import BatchProcessor
from services.common.messaging.consumer.crash_guard import FATAL
from services.common.messaging.handlers.aggregate_processor import AggregateProcessor
from services.common.messaging.handlers.processor import Processor
from services.common.messaging.producer.publisher import Publisher
from services.common.messaging.records.dead_letters import DeadLetter, DeadLetters
from services.common.messaging.records.positions import moment
from services.common.messaging.records.redrive import NO_DOCUMENT, Redrive, Redrives
from services.common.store import Change, Document, DocumentStore, OutboxEntry
from services.routing.domain import Assignment
from services.routing.handlers import assignments

REASON = "not-json"
REDRIVES = Redrives(b"secret")


class Broker:
    """The broker's side of a publisher. A send to a topic that does not exist is never acknowledged."""

    def __init__(self, *missing: str) -> None:
        self.missing = missing
        self.appended: list[str] = []

    async def require(self, names: set[str]) -> None:
        for name in sorted(names):
            if name in self.missing:
                raise TopicMissing(name)

    async def send(self, events: Sequence[OutboxEntry]) -> None:
        if {event.topic for event in events} & {*self.missing}:
            raise BrokerUnavailable("a send was not acknowledged")
        self.appended += [event.topic for event in events]


class Letters:
    """The broker's side of dead letters."""

    def __init__(self) -> None:
        self.reasons: list[str] = []

    async def send(self, letters: Sequence[DeadLetter]) -> None:
        self.reasons += [letter.reason for letter in letters]


class Store:
    """A store without documents."""

    async def load(self, keys: Sequence[str]) -> dict[str, Document[Assignment]]:
        return {key: Document(key) for key in keys}

    async def save(self, changes: Sequence[Change[Assignment]]) -> set[str]:
        assert not changes
        return set()


def unreadable(code: str, offset: int = 0) -> ConsumerRecord[bytes, bytes]:
    return ConsumerRecord(topics.outbox(code), 3, offset, 0, 1, b"key", b"{", None, -1, -1, ())


def processor(broker: Broker) -> AggregateProcessor[Assignment]:
    store = cast(DocumentStore[Assignment], Store())
    return AggregateProcessor(assignments, store, cast(Publisher, broker), cast(DeadLetters, Letters()))


def poison(*codes: str) -> list[PoisonRecord]:
    return [DeadLetter.unreadable(unreadable(code, offset), REASON).poison for offset, code in enumerate(codes)]


@pytest.mark.parametrize("missing", [["dd"], ["pf"], ["dd", "tri"], ["dd", "pf", "tri"]])
async def test_a_missing_topic_costs_no_other_department_its_answers(missing: list[str]) -> None:
    broker = Broker(*(topics.rejections(code) for code in missing))
    records = poison("pf", "dd", "pf", "tri")
    unanswered = await processor(broker).answer_poison(records)
    answered = [code for code in ("pf", "pf", "dd", "tri") if code not in missing]
    assert broker.appended == [topics.rejections(code) for code in answered]
    assert unanswered == {each.position for each in records if each.position.topic.split(".")[1] in missing}


def batches(broker: Broker, letters: Letters) -> BatchProcessor:
    return BatchProcessor("routing", cast(Processor, processor(broker)), cast(DeadLetters, letters), REDRIVES)


@pytest.mark.parametrize("data", [b"{", b"", None])
async def test_an_unreadable_command_is_answered_though_the_process_was_killed_at_each_try(data: Any) -> None:
    broker, letters = Broker(), Letters()
    record = unreadable("pf")
    record.value = data
    await batches(broker, letters).dead_letter_unprocessed(record, FATAL, unparsed=False)
    assert len(letters.reasons) == 1
    assert broker.appended == [topics.rejections("pf")]


async def test_the_letter_of_a_command_says_that_its_department_could_not_be_answered() -> None:
    letters = Letters()
    await batches(Broker(topics.rejections("dd")), letters).process([unreadable("pf"), unreadable("dd")])
    assert letters.reasons == ["key-not-uuid", "unanswered:key-not-uuid"]


async def test_a_command_that_killed_its_process_while_it_was_parsed_is_answered_when_it_is_discarded() -> None:
    broker, letters = Broker(), Letters()
    record = unreadable("pf")
    await batches(broker, letters).dead_letter_unprocessed(record, FATAL, unparsed=True)
    assert (letters.reasons, broker.appended) == ([FATAL], [])
    redrive = Redrive("routing", Position(record.topic, 3, 0), moment(0), frees=NO_DOCUMENT)
    headers = REDRIVES.signed_headers(redrive, record.key, b"")
    discard = ConsumerRecord(record.topic, 3, 9, 0, 1, record.key, b"", None, -1, -1, tuple(headers))
    await batches(broker, letters).process([discard])
    assert broker.appended == [topics.rejections("pf")]
