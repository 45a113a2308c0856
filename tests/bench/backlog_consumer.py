"""A consumer group that reads a long backlog as fast as it can, again and again from the beginning."""

import os
from contextlib import suppress

import uvloop
from aiokafka import AIOKafkaConsumer

TOPIC = "bench.backlog.v1"
GROUP = "bench-backlog"


async def main() -> None:
    consumer = AIOKafkaConsumer(
        TOPIC,
        bootstrap_servers=os.environ["KAFKA_URL"],
        group_id=GROUP,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    await consumer.start()
    while True:
        batch = await consumer.getmany(timeout_ms=1_000, max_records=500)
        if batch:
            await consumer.commit({tp: records[-1].offset + 1 for tp, records in batch.items()})
        else:
            await consumer.seek_to_beginning()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        uvloop.run(main())
