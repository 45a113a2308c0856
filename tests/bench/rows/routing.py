"""P5: routing's processor time for one message, with store, outbox and commit."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import cycle
from typing import Any, Final
from uuid import uuid4

from aiokafka import AIOKafkaProducer

from deploy.demo.data import load_requests
from deploy.local.tier import Tier
from services.common.contracts import topics
from services.common.contracts.lifecycle import RequestRegistered, State
from services.common.domain.identifiers import reference_of
from services.common.messaging.producer.batches import ProducerRecord
from services.common.messaging.records.writer import outbox_entry
from services.common.store import OutboxEntry
from tests.bench import baseline_routing
from tests.bench.environment import BenchEnvironment, bench_environment
from tests.bench.figures import Comparison, Figure, Series
from tests.support.topics import create, producer
from tests.support.waiting import eventually

OURS: Final = "routing"
BASELINE: Final = "baseline-routing"
MESSAGES: Final = 2_000
"""Messages of one side in one round. All are published before the round starts."""

TOPIC: Final = {OURS: topics.LIFECYCLE, BASELINE: baseline_routing.TOPIC}
GROUP: Final = {OURS: "routing", BASELINE: baseline_routing.GROUP}


def registered() -> Iterator[OutboxEntry]:
    """Newly registered requests, as intake publishes them."""
    now, trace = datetime.now(UTC), "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"
    for row in cycle(load_requests()):
        request_id = uuid4()
        fact = RequestRegistered(
            request_id=request_id,
            reference=reference_of(request_id),
            occurred_at=now,
            seq=1,
            state=State.REGISTERED,
            account_id=uuid4(),
            who="P",
            subject=row.subject,
            reason=row.reason,
            catalogue_version=1,
            language="pt",
            description=row.description,
            documents=(),
            entered_on=now.date(),
            due_on=now.date(),
            calendar="PT",
        )
        cause = str(uuid4())
        yield outbox_entry(
            fact, id=str(uuid4()), source="intake", cause=cause, correlation=cause, at=now, traceparent=trace
        )


async def per_core(tier: Tier, rounds: int) -> list[Figure]:
    costs: dict[str, list[float]] = {OURS: [], BASELINE: []}
    async with bench_environment(tier, ["kafka", "mongo"], [OURS]) as bench:
        url = bench.env["KAFKA_URL"]
        await create(url, {baseline_routing.TOPIC: 12, baseline_routing.INBOX: 6, baseline_routing.MADE: 12})
        await bench.start(BASELINE, "tests.bench.baseline_routing", http=False)
        writer, facts = await producer(url, enable_idempotence=True), registered()
        try:
            for number in range(1 + rounds):
                for side, series in costs.items():
                    cost = await _round(bench, side, writer, facts, (number + 1) * MESSAGES)
                    # The first round is a warm-up.
                    if number:
                        series.append(cost)
        finally:
            await writer.stop()
    ours, baseline = (Series(tuple(costs[side])) for side in (OURS, BASELINE))
    return [
        Figure(
            "P5",
            "routing, messages per core",
            "µs CPU",
            ours,
            baseline,
            Comparison.BASELINE_BY_OURS,
            0.35,
            at_least=True,
        )
    ]


async def _round(
    bench: BenchEnvironment, side: str, writer: AIOKafkaProducer, facts: Iterator[OutboxEntry], total: int
) -> float:
    """µs of processor time per message. `total` messages are committed on this side at the end of the round."""

    async def committed() -> bool:
        offsets = await bench.admin.list_consumer_group_offsets(GROUP[side])
        found: int = sum(each.offset for tp, each in offsets.items() if tp.topic == TOPIC[side])
        return found == total

    with bench.frozen(side):
        before = bench.cpu(side)
        for _ in range(MESSAGES // 1000):
            sends = [await _send(writer, TOPIC[side], next(facts)) for _ in range(1000)]
            for sent in sends:
                await sent
    await eventually(committed, within=120)
    return (bench.cpu(side) - before) / MESSAGES * 1e6


async def _send(writer: AIOKafkaProducer, topic: str, event: OutboxEntry) -> Any:
    record = ProducerRecord.of(event)
    return await writer.send(topic, key=record.key, value=record.value, headers=record.headers)
