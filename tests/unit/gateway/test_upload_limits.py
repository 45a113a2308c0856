"""Places for uploads, and the minimum speed that bounds how long one is held."""

from contextlib import ExitStack, suppress
from uuid import UUID

import pytest
from hypothesis import given, strategies as st
from starlette.types import Message

from gateway.accounts.domain import Session
from gateway.documents.limits import (
    CHUNK_TIMEOUT,
    FURTHER_UPLOADS,
    GRACE_SECONDS,
    MINIMUM_SPEED,
    UPLOADS,
    UPLOADS_OF_ONE_ACCOUNT,
    TimedBody,
    UploadLimits,
)
from gateway.limits.accounts import AccountLimit, Allowance
from gateway.limits.concurrency import ConcurrencyLimit, KeyedLimit
from services.common.contracts.limits import MAX_FILE_BYTES
from services.common.http import problem_types
from services.common.http.problems import Problem
from tests.unit.gateway.builders import Clock


class NoHour:
    async def wait(self, session: Session, amounts: object) -> float:
        return 0.0


def limits() -> UploadLimits:
    account_limit = AccountLimit("uploads", {"P": Allowance(60, 20)}, NoHour())
    places = KeyedLimit("uploads-of-one-account", UPLOADS_OF_ONE_ACCOUNT)
    return UploadLimits(account_limit, {"P": 1}, ConcurrencyLimit("uploads", UPLOADS), places)


def test_accounts_with_slow_uploads_leave_places_for_others() -> None:
    found = limits()
    with ExitStack() as slow:
        for account in range(UPLOADS // 2):
            for _ in range(UPLOADS_OF_ONE_ACCOUNT):
                with suppress(Problem):
                    slow.enter_context(found.place(UUID(int=account)))
        with pytest.raises(Problem) as refused, found.place(UUID(int=0)):
            pass
        assert refused.value.kind is problem_types.TOO_MANY_AT_ONCE
        with found.place(UUID(int=UPLOADS)):
            assert found.limit.in_progress > FURTHER_UPLOADS


def test_one_account_has_its_places_while_others_upload_little() -> None:
    found = limits()
    with ExitStack() as own:
        for _ in range(UPLOADS_OF_ONE_ACCOUNT):
            own.enter_context(found.place(UUID(int=1)))
        with pytest.raises(Problem) as refused, found.place(UUID(int=1)):
            pass
    assert refused.value.kind is problem_types.TOO_MANY_AT_ONCE


async def seconds_held(size: int, chunk: int, pause: float) -> float:
    """How long an upload of `size` bytes lasts, a chunk after each pause, until it is whole or too slow."""
    clock = Clock()
    start, sent = clock.now, 0

    async def receive() -> Message:
        nonlocal sent
        clock.now += pause
        sent += chunk
        return {"type": "http.request", "body": bytes(chunk), "more_body": sent < size}

    body = TimedBody(receive, clock)
    while body.seconds_left > pause and (await body())["more_body"]:
        pass
    return clock.now - start


@given(chunk=st.integers(1, 4096), pause=st.floats(1, CHUNK_TIMEOUT))
async def test_dripping_holds_a_place_no_longer_than_grace_and_minimum_speed_allow(chunk: int, pause: float) -> None:
    held = await seconds_held(MAX_FILE_BYTES, chunk, pause)
    assert held <= GRACE_SECONDS + held / pause * chunk / MINIMUM_SPEED + pause


async def test_a_slow_but_steady_upload_is_not_cut() -> None:
    assert await seconds_held(1024 * 1024, 2 * MINIMUM_SPEED, 1.0) == 1024 * 1024 / (2 * MINIMUM_SPEED)


async def test_a_body_that_never_comes_is_too_slow() -> None:
    clock = Clock()

    async def receive() -> Message:
        clock.now += GRACE_SECONDS + 1
        return {"type": "http.request", "body": b"%", "more_body": True}

    body = TimedBody(receive, clock)
    await body()
    with pytest.raises(Problem) as refused:
        await body()
    assert refused.value.kind is problem_types.TOO_SLOW
