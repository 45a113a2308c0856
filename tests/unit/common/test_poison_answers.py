"""Who is answered when records cannot be read, also while a topic is missing, or after the process was killed."""

from collections.abc import Sequence
from typing import Any, cast

import pytest
from aiokafka import ConsumerRecord

from services.common.contracts import topics
from services.common.domain.errors import BrokerUnavailable, TopicMissing
from services.common.domain.poison import PoisonRecord
from services.common.messaging.consumer.batch_processor import BatchProcessor
from services.common.messaging.handlers.aggregate_processor import AggregateProcessor
from services.common.messaging.handlers.processor import Processor
from services.common.messaging.producer.publisher import Publisher
from services.common.messaging.records.dead_letters import DeadLetter, DeadLetters
from services.common.messaging.records.redrive import Redrives
from services.common.store import DocumentStore, OutboxEntry
from services.routing.domain import Assignment
from services.routing.handlers import assignments

REASON = "not-json"


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


def unreadable(code: str, offset: int = 0) -> ConsumerRecord[bytes, bytes]:
    return ConsumerRecord(topics.outbox(code), 3, offset, 0, 1, b"key", b"{", None, -1, -1, ())


def processor(broker: Broker) -> AggregateProcessor[Assignment]:
    store = cast(DocumentStore[Assignment], None)
    return AggregateProcessor(assignments, store, cast(Publisher, broker), cast(DeadLetters, Letters()))


def poison(*codes: str) -> list[PoisonRecord]:
    return [DeadLetter.unreadable(unreadable(code, offset), REASON).poison for offset, code in enumerate(codes)]


@pytest.mark.parametrize("missing", [["dd"], ["pf"], ["dd", "tri"], ["dd", "pf", "tri"]])
async def test_a_missing_topic_costs_no_other_department_its_answers(missing: list[str]) -> None:
    broker = Broker(*(topics.rejections(code) for code in missing))
    await processor(broker).answer_poison(poison("pf", "dd", "pf", "tri"))
    answered = [code for code in ("pf", "pf", "dd", "tri") if code not in missing]
    assert broker.appended == [topics.rejections(code) for code in answered]


@pytest.mark.parametrize("data", [b"{", b"", None])
async def test_an_unreadable_command_is_answered_though_the_process_was_killed_at_each_try(data: Any) -> None:
    broker, letters = Broker(), Letters()
    batches = BatchProcessor(
        "routing", cast(Processor, processor(broker)), cast(DeadLetters, letters), Redrives(b"secret")
    )
    record = unreadable("pf")
    record.value = data
    await batches.dead_letter_unprocessed(record, "bug:killed-the-process", unparsed=False)
    assert len(letters.reasons) == 1
    assert broker.appended == [topics.rejections("pf")]
