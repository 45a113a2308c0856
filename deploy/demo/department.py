"""A whole department in one file: it acknowledges and resolves what its inbox brings. Copy it, fill `answer`.

An answer that has not seen the person's last message or file is refused as `stale`, without harm: whatever it had not
seen comes as `updated`, and is answered again. What is `withdrawn` needs nothing more.

KAFKA_URL=127.0.0.1:9092 .venv/bin/python -m deploy.demo.department --code pf --code dd

`make status` says where the local broker listens.
"""

import argparse
import asyncio
import json
import logging
import os
import signal
from datetime import UTC, datetime
from itertools import chain
from typing import Any
from uuid import UUID, uuid5

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord
from aiokafka.errors import KafkaError

logger = logging.getLogger("department")


def answer(assignment: dict[str, Any]) -> str:
    """The department's own work goes here; `description` and `messages` hold the person's words."""
    return f"Analisámos o seu pedido ({assignment['subject']}) e está resolvido. Resposta de demonstração."


def command(code: str, name: str, inbox: dict[str, bytes], **data: Any) -> dict[str, Any]:
    """Value and headers of one command. Its id derives from the inbox event: said twice, it is one."""
    headers = {
        "ce_specversion": b"1.0",
        "ce_id": str(uuid5(UUID(inbox["ce_id"].decode()), name)).encode(),
        "ce_type": f"pt.postigo.assignment.{name}.v1".encode(),
        "ce_source": f"departments/{code}".encode(),
        "ce_subject": inbox["ce_subject"],
        "ce_time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").encode(),
        "content-type": b"application/json",
    }
    trace = {header: inbox[header] for header in ("traceparent", "tracestate") if header in inbox}
    return {"value": json.dumps(data).encode(), "headers": list((headers | trace).items())}


def replies(code: str, record: ConsumerRecord) -> tuple[int, list[dict[str, Any]]]:
    """The record's place among those of its request, and what to say to it."""
    inbox, told = dict(record.headers), json.loads(record.value)
    number = int(inbox["ce_sequence"])
    if not inbox["ce_type"].endswith((b".assignment.created.v1", b".assignment.updated.v1")):
        return number, []
    case = {"assignment_id": told["assignment_id"], "epoch": told["epoch"], "seen": told["as_of"]}
    return number, [
        command(code, "acknowledge", inbox, **case),
        command(code, "resolve", inbox, **case, text=answer(told)),
    ]


async def work(code: str, consumer: AIOKafkaConsumer, producer: AIOKafkaProducer) -> None:
    """Answer batch after batch; an offset is committed when the broker has every answer before it."""
    outbox = f"departments.{code}.outbox.v1"
    last: dict[bytes, int] = {}  # A real department keeps this number in its own database, beside the case.
    while True:
        batch = await consumer.getmany(timeout_ms=30_000, max_records=500)
        if not batch:
            await see_that_nothing_waits(consumer)
            continue
        sends = []
        for record in chain.from_iterable(batch.values()):
            try:
                number, said = replies(code, record)
            except (AttributeError, KeyError, TypeError, ValueError):
                # Passed by, and said aloud: it must not keep the next person waiting.
                logger.warning("%s: unreadable: partition %d offset %d", code, record.partition, record.offset)
                continue
            if number > last.get(record.key, 0):
                last[record.key] = number
                sends += [await producer.send(outbox, key=record.key, **each) for each in said]
        await asyncio.wait_for(asyncio.gather(*sends), 30)
        logger.info("%s: %d read, %d said", code, sum(map(len, batch.values())), len(sends))
        await consumer.commit({part: records[-1].offset + 1 for part, records in batch.items()})


async def see_that_nothing_waits(consumer: AIOKafkaConsumer) -> None:
    """After a broker restart a consumer may hang, alive and deaf: raises KafkaError or TimeoutError then."""
    async with asyncio.timeout(30):
        ends = await consumer.end_offsets(consumer.assignment())
        if [part for part, end in ends.items() if await consumer.position(part) < end]:
            raise KafkaError("records wait and none arrives")


async def serve(code: str) -> None:
    """Be department `code` until cancelled. After a failure: a new connection, from the last commit on."""
    url, inbox = os.environ["KAFKA_URL"], f"departments.{code}.inbox.v1"
    away = False
    while True:
        producer = AIOKafkaProducer(bootstrap_servers=url, acks="all", enable_idempotence=True)
        consumer = AIOKafkaConsumer(
            inbox,
            bootstrap_servers=url,
            group_id=f"department-{code}",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            session_timeout_ms=6000,
            heartbeat_interval_ms=1000,
        )
        try:
            async with asyncio.timeout(30):
                await producer.start()
                await consumer.start()
            away = False
            there = consumer.partitions_for_topic(inbox)
            logger.info("%s: %s %s", code, "reads" if there else "waits for a topic", inbox)
            await work(code, consumer, producer)
        except (KafkaError, OSError) as error:
            if not away:
                logger.warning("%s: broker away (%s), trying again", code, type(error).__name__)
            away = True
        finally:  # Bounded: stop() does not return while the broker is frozen.
            stops = [asyncio.create_task(client.stop()) for client in (consumer, producer)]
            await asyncio.wait(stops, timeout=5)
        await asyncio.sleep(1)


async def main(codes: list[str]) -> None:
    async with asyncio.TaskGroup() as departments:
        tasks = [departments.create_task(serve(code)) for code in codes]
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, lambda: [task.cancel() for task in tasks])


if __name__ == "__main__":
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.INFO)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    parser = argparse.ArgumentParser(description="A reference department.")
    parser.add_argument("--code", action="append", required=True, help="department code, repeatable")
    codes = parser.parse_args().code
    if "KAFKA_URL" not in os.environ:
        parser.error("KAFKA_URL is not set; it says where the broker listens: KAFKA_URL=127.0.0.1:9092")
    asyncio.run(main(codes))
