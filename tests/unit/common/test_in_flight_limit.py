"""The in-flight limit, and waiting for one future from several tasks."""

import asyncio

import pytest

from services.common.messaging.producer.in_flight_limit import InFlightLimit


def pending() -> asyncio.Future[None]:
    return asyncio.get_running_loop().create_future()


async def test_a_wait_that_times_out_cancels_nothing_and_leaves_no_callback() -> None:
    """The publisher waits like this: during a long outage of the broker, callbacks must not accumulate in memory."""
    future = pending()
    other = asyncio.create_task(asyncio.wait([future]))
    await asyncio.sleep(0)
    before = len(future._callbacks or ())
    for _ in range(100):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await asyncio.wait([future])
    assert not future.done()
    assert len(future._callbacks or ()) == before
    future.set_result(None)
    await other


async def test_the_limit_is_released_once_nothing_is_pending() -> None:
    limit, (first, second) = InFlightLimit(), (pending(), pending())
    await limit.acquire(2_000, 10)
    limit.release_after([first, second], 2_000, 10)
    waiting = asyncio.create_task(limit.acquire(1, 1))
    first.set_result(None)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not waiting.done()
    second.set_result(None)
    await waiting
