"""What no setting and no public call of aiokafka can do. Private attributes of the library are used here alone."""

import asyncio
from contextlib import suppress

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError


async def stop_producer(producer: AIOKafkaProducer, within: float) -> None:
    """Stop in order within so many seconds, or by force: records that were not sent by then are never sent.

    While the broker does not answer, `stop()` waits for ever (https://github.com/aio-libs/aiokafka/issues/1101). Giving
    that wait up leaves a sender task that connects again, and appends old records behind those of the next producer.
    """
    with suppress(KafkaError, TimeoutError, OSError):
        async with asyncio.timeout(within):
            await producer.stop()
            return
    # `close()` waits for a connection to close, which it never does while the other side takes no bytes.
    await asyncio.wait([asyncio.create_task(producer.client.close())], timeout=within)
    sender = producer._sender.sender_task
    while sender is not None and not sender.done():
        # The first cancellation makes it wait for its requests, the next one cancels that wait.
        sender.cancel()
        await asyncio.wait([sender], timeout=0.1)
