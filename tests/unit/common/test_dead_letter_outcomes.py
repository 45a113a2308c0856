"""A department's mistake is no error of ours: its dead letter is a warning, and counted apart."""

from collections.abc import Sequence
from typing import Any, cast

import pytest
from aiokafka import ConsumerRecord
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from services.common.contracts import topics
from services.common.domain.poison import PoisonRecord
from services.common.domain.position import Position
from services.common.messaging.consumer.batch_processor import BatchProcessor
from services.common.messaging.consumer.crash_guard import FATAL
from services.common.messaging.handlers.processor import Processor
from services.common.messaging.producer.batches import ProducerRecord
from services.common.messaging.producer.publisher import Publisher
from services.common.messaging.records.dead_letters import PARKED, DeadLetter, DeadLetters
from services.common.messaging.records.redrive import Redrives
from services.routing.handlers import assignments

OUTBOX = topics.outbox("pf")


class Broker:
    """The broker's side of a publisher."""

    async def append(self, records: Sequence[ProducerRecord]) -> None:
        return


class Answering:
    """A processor whose poison records can be answered, unless the topic of the answers is missing."""

    def __init__(self, topic_exists: bool = True) -> None:
        self._topic_exists = topic_exists

    async def answer_poison(self, poison: Sequence[PoisonRecord]) -> set[Position]:
        return set() if self._topic_exists else {each.position for each in poison}


def record(topic: str) -> ConsumerRecord[bytes, bytes]:
    return ConsumerRecord(topic, 3, 41, 0, 1, b"key", b"{", None, -1, -1, ())


def counted(group: str) -> dict[str, float]:
    ends = ("answered", "dead-lettered")
    return {end: REGISTRY.get_sample_value("postigo_records_total", {"group": group, "end": end}) or 0 for end in ends}


async def processed(topic: str, group: str, processor: Answering | None = None) -> Sequence[Any]:
    """The log lines of processing one unreadable record of `topic`."""
    letters = DeadLetters(cast(Publisher, Broker()), group)
    batches = BatchProcessor(group, cast(Processor, processor or Answering()), letters, Redrives(b"secret"))
    with capture_logs() as lines:
        await batches.process([record(topic)])
    return lines


async def test_a_departments_mistake_is_a_warning_and_counted_as_answered() -> None:
    (line,) = await processed(OUTBOX, "mistakes")
    assert (line["event"], line["log_level"], line["dlq_reason"]) == ("dead-lettered", "warning", "key-not-uuid")
    assert counted("mistakes") == {"answered": 1, "dead-lettered": 0}


async def test_an_unreadable_record_of_ours_is_an_error_and_counted_as_dead_lettered() -> None:
    (line,) = await processed(topics.INTAKE, "errors")
    assert (line["event"], line["log_level"]) == ("dead-lettered", "error")
    assert counted("errors") == {"answered": 0, "dead-lettered": 1}


async def test_a_departments_mistake_that_could_not_be_answered_is_an_error() -> None:
    (line,) = await processed(OUTBOX, "unanswered", Answering(topic_exists=False))
    assert (line["log_level"], line["dlq_reason"]) == ("error", "unanswered:key-not-uuid")
    assert counted("unanswered") == {"answered": 0, "dead-lettered": 1}


@pytest.mark.parametrize("reason", [FATAL, "bug:KeyError", PARKED])
def test_a_command_that_our_own_bug_cannot_apply_is_no_mistake_of_its_department(reason: str) -> None:
    assert not DeadLetter.unreadable(record(OUTBOX), reason).answered


@pytest.mark.parametrize(
    "topic", [OUTBOX, topics.INTAKE, topics.LIFECYCLE, topics.inbox("pf"), topics.rejections("pf")]
)
def test_a_dead_letter_counts_as_answered_exactly_if_routing_answers_its_author(topic: str) -> None:
    letter = DeadLetter.unreadable(record(topic), "key-not-uuid")
    assert letter.answered == bool(assignments.answers(letter.poison))
