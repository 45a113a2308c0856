"""A department in one file, to begin from: it acknowledges and resolves every assignment. Copy it and fill in `answer`.

An answer that has not seen the person's last message or file is rejected as `stale`. That is harmless: the department
also gets an `updated` event for it, and answers that. An event that one of its own commands caused needs no answer, nor
does a closed assignment. docs/departments.md explains the events and commands.

KAFKA_URL=127.0.0.1:9092 .venv/bin/python -m deploy.demo.department --code pf --code dd

`make status` shows the address of the local broker.
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

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord
from aiokafka.errors import KafkaError

logger = logging.getLogger("department")


def answer(assignment: dict[str, Any]) -> str:
    """Replace this with the department's own work. `description` and `messages` contain the person's words."""
    return f"Analisámos o seu pedido ({assignment['subject']}) e está resolvido. Resposta de demonstração."


def command(code: str, name: str, inbox: dict[str, bytes], **data: Any) -> dict[str, Any]:
    """Value and headers of one command. Its id derives from the inbox event, so a repetition has the same id.

    The id starts with the department's code: so an inbox event's `because` tells whether its own command caused it.
    """
    headers = {
        "ce_specversion": b"1.0",
        "ce_id": f"{code}/{inbox['ce_id'].decode()}/{name}".encode(),
        "ce_type": f"pt.postigo.assignment.{name}.v1".encode(),
        "ce_source": f"departments/{code}".encode(),
        "ce_subject": inbox["ce_subject"],
        "ce_time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").encode(),
        "content-type": b"application/json",
    }
    trace = {header: inbox[header] for header in ("traceparent", "tracestate") if header in inbox}
    return {"value": json.dumps(data).encode(), "headers": list((headers | trace).items())}


def replies(code: str, record: ConsumerRecord) -> tuple[int, list[dict[str, Any]]]:
    """The number of the inbox event within its request, and the commands that answer it."""
    inbox, assignment = dict(record.headers), json.loads(record.value)
    number = int(inbox["ce_sequence"])
    is_new = inbox["ce_type"].endswith(b".assignment.created.v1")
    is_changed = inbox["ce_type"].endswith(b".assignment.updated.v1")
    if not is_new and (not is_changed or (assignment["because"] or "").startswith(f"{code}/")):
        return number, []
    case = {"assignment_id": assignment["assignment_id"], "epoch": assignment["epoch"], "seen": assignment["as_of"]}
    resolve = command(code, "resolve", inbox, **case, text=answer(assignment))
    return number, [command(code, "acknowledge", inbox, **case), resolve] if is_new else [resolve]


async def work(code: str, consumer: AIOKafkaConsumer, producer: AIOKafkaProducer) -> None:
    """Answer batch after batch. Commit a batch when the broker has acknowledged all its answers."""
    outbox = f"departments.{code}.outbox.v1"
    last: dict[bytes, int] = {}  # A real department stores this number in its own database, with the case.
    while True:
        batch = await consumer.getmany(timeout_ms=30_000, max_records=500)
        if not batch:
            await require_no_lag(consumer)
            continue
        sends = []
        for record in chain.from_iterable(batch.values()):
            try:
                number, commands = replies(code, record)
            except (AttributeError, KeyError, TypeError, ValueError):
                # Log it and continue: one bad record must not block the others.
                logger.warning("%s: unreadable: partition %d offset %d", code, record.partition, record.offset)
                continue
            if number > last.get(record.key, 0):
                last[record.key] = number
                sends += [await producer.send(outbox, key=record.key, **each) for each in commands]
        await asyncio.wait_for(asyncio.gather(*sends), 30)
        logger.info("%s: %d read, %d published", code, sum(map(len, batch.values())), len(sends))
        await consumer.commit({part: records[-1].offset + 1 for part, records in batch.items()})


async def require_no_lag(consumer: AIOKafkaConsumer) -> None:
    """After a broker restart a consumer may hang without an error. Raises KafkaError or TimeoutError then."""
    async with asyncio.timeout(30):
        ends = await consumer.end_offsets(consumer.assignment())
        if [part for part, end in ends.items() if await consumer.position(part) < end]:
            raise KafkaError("there are records, but the consumer gets none")


async def serve(code: str) -> None:
    """Run department `code` until cancelled. After a failure, reconnect and continue from the last commit."""
    url, inbox = os.environ["KAFKA_URL"], f"departments.{code}.inbox.v1"
    unavailable = False
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
            unavailable = False
            exists = consumer.partitions_for_topic(inbox)
            logger.info("%s: %s %s", code, "reads" if exists else "waits for a topic", inbox)
            await work(code, consumer, producer)
        except (KafkaError, OSError) as error:
            if not unavailable:
                logger.warning("%s: broker unavailable (%s), retrying", code, type(error).__name__)
            unavailable = True
        finally:  # With a time limit: stop() does not return while the broker is frozen.
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
        parser.error("KAFKA_URL is not set. It is the address of the broker: KAFKA_URL=127.0.0.1:9092")
    asyncio.run(main(codes))
