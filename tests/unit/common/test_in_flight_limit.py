"""Waiting for what others may be waiting for too."""

import asyncio

import pytest

from services.common.messaging.producer.in_flight_limit import InFlightLimit


def pending() -> asyncio.Future[None]:
    return asyncio.get_running_loop().create_future()


async def test_who_stops_waiting_stops_no_other_and_leaves_nothing_behind() -> None:
    """What the publisher waits with: a broker that is away for long must not fill memory with its callbacks."""
    future = pending()
    stays = asyncio.create_task(asyncio.wait([future]))
    await asyncio.sleep(0)
    before = len(future._callbacks or ())
    for _ in range(100):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await asyncio.wait([future])
    assert not future.done()
    assert len(future._callbacks or ()) == before
    future.set_result(None)
    await stays


async def test_room_is_left_once_nothing_is_pending() -> None:
    room, (first, second) = InFlightLimit(), (pending(), pending())
    await room.acquire(2_000, 10)
    room.release_after([first, second], 2_000, 10)
    entering = asyncio.create_task(room.acquire(1, 1))
    first.set_result(None)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not entering.done()
    second.set_result(None)
    await entering
