"""The limit of one account, without a store: what is refused, what counts, and what closes the hour."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, strategies as st

from gateway.accounts.domain import Session
from gateway.limits.accounts import EXAMINED, HOUR, AccountLimit, Allowance
from gateway.settings import Settings
from services.common.domain.errors import StoreUnavailable
from services.common.http import problem_types
from services.common.http.problems import Problem
from tests.unit.gateway.builders import Clock, session

PERSON, COMPANY = session(), session(who="E")
OTHER = session(account_id="00000000-0000-4000-8000-000000000002")


class Store:
    """What the store knows about the hour: the seconds to wait, or an outage."""

    def __init__(self, wait: float | None = 0.0) -> None:
        self.answer = wait
        self.asked: list[dict[str, int]] = []

    async def wait(self, session: Session, amounts: Mapping[str, int]) -> float:
        self.asked.append(dict(amounts))
        if self.answer is None:
            raise StoreUnavailable("stopped")
        return self.answer


def limit(store: Store | None = None, clock: Clock | None = None, **more: Any) -> AccountLimit:
    allowances = {"P": Allowance(per_hour=60, burst=4), "E": Allowance(per_hour=600, burst=40)}
    return AccountLimit("requests", allowances, store or Store(), clock=clock or Clock(), **more)  # type: ignore[arg-type]


def uses(limit: AccountLimit, who: Session, times: int) -> int:
    """How many of so many uses are accepted."""
    accepted = 0
    for _ in range(times):
        try:
            with limit.use(who):
                accepted += 1
        except Problem as problem:
            assert problem.kind is problem_types.LIMIT_REACHED  # noqa: PT017
    return accepted


async def test_a_burst_is_accepted_and_more_is_refused_with_the_time_to_wait() -> None:
    clock = Clock()
    found = limit(clock=clock)
    assert uses(found, PERSON, 10) == 4
    assert uses(found, OTHER, 10) == 4
    assert found.wait(PERSON) == 60
    refusal = found.refusal(PERSON)
    assert refusal.headers == {
        "RateLimit-Policy": '"requests";q=60;w=3600',
        "RateLimit": '"requests";r=0;t=60',
        "Retry-After": "60",
    }
    clock.now += 61
    assert uses(found, PERSON, 10) == 1


async def test_a_company_has_its_own_allowance() -> None:
    assert uses(limit(), COMPANY, 100) == 40


@pytest.mark.parametrize("error", [Problem(problem_types.NOT_CONFIRMED), RuntimeError(), asyncio.CancelledError()])
async def test_a_use_that_fails_does_not_count(error: BaseException) -> None:
    store = Store()
    found = limit(store)
    for _ in range(10):
        with pytest.raises(type(error)), found.use(PERSON):
            raise error
    assert uses(found, PERSON, 10) == 4
    assert len(store.asked) == 0, "the event loop had no turn yet"


async def test_a_use_whose_amounts_are_emptied_does_not_count() -> None:
    store = Store()
    found = limit(store)
    for _ in range(10):
        with found.use(PERSON) as amounts:
            amounts.clear()
    await asyncio.sleep(0)
    assert store.asked == []
    assert uses(found, PERSON, 10) == 4


async def test_the_store_gets_what_was_used() -> None:
    store = Store()
    with limit(store).use(PERSON) as amounts:
        amounts["bytes"] = 5
    await asyncio.sleep(0)
    assert store.asked == [{"count": 1, "bytes": 5}]


async def test_what_a_use_took_before_it_failed_is_reported_without_a_use() -> None:
    store = Store()
    found = limit(store)
    for _ in range(10):
        with pytest.raises(ValueError, match="refused"), found.use(PERSON) as amounts:
            amounts["bytes"] = 5
            raise ValueError("refused")
    await asyncio.sleep(0)
    assert store.asked == [{"bytes": 5}] * 10
    assert uses(found, PERSON, 10) == 4


async def test_an_account_that_uses_little_causes_no_read() -> None:
    store = Store()
    found = limit(store, read_from=0.5)
    assert uses(found, PERSON, 1) == 1
    await asyncio.sleep(0)
    assert store.asked == []
    uses(found, PERSON, 1)
    await asyncio.sleep(0)
    assert len(store.asked) == 1


async def test_an_account_that_uses_its_hour_slowly_is_read_all_the_same() -> None:
    clock, store = Clock(), Store(wait=1800.0)
    found = limit(store, clock, read_from=0.5)
    for _ in range(2):
        clock.now += HOUR
        assert uses(found, PERSON, 1) == 1
        await asyncio.sleep(0)
    assert len(store.asked) == 1
    assert uses(found, PERSON, 1) == 0


async def test_an_hour_that_is_used_up_closes_the_account_until_its_end() -> None:
    clock, store = Clock(), Store(wait=1800.5)
    found = limit(store, clock)
    assert uses(found, COMPANY, 1) == 1
    await asyncio.sleep(0)
    assert found.wait(COMPANY) == 1801
    assert uses(found, COMPANY, 10) == 0
    assert uses(found, OTHER, 1) == 1
    clock.now += 1801
    assert uses(found, COMPANY, 1) == 1


async def test_an_unavailable_store_closes_nobody() -> None:
    store = Store(wait=None)
    found = limit(store)
    uses(found, PERSON, 1)
    await asyncio.sleep(0)
    assert len(store.asked) == 1
    assert found.wait(PERSON) == 0


async def test_only_a_few_requests_of_a_refused_account_are_examined() -> None:
    found = limit()
    assert not found.has_refused
    assert not any(found.is_flooded(PERSON) for _ in range(2 * EXAMINED[0])), "the account is not over its limit"
    uses(found, PERSON, 10)
    assert found.has_refused
    assert [found.is_flooded(PERSON) for _ in range(EXAMINED[0] + 2)] == [False] * EXAMINED[0] + [True] * 2


@given(steps=st.lists(st.tuples(st.booleans(), st.floats(0, 900)), max_size=60))
async def test_no_sequence_is_accepted_beyond_burst_and_hour(steps: list[tuple[bool, float]]) -> None:
    clock = Clock()
    found, start, accepted = limit(clock=clock), clock.now, 0
    for wait, seconds in steps:
        clock.now += seconds if wait else 0
        accepted += uses(found, PERSON, 1)
    assert accepted <= 4 + (clock.now - start) * 60 / HOUR


@pytest.mark.parametrize("name", ["requests_per_hour", "acts_burst", "stored_mib", "account_limits_times"])
def test_a_limit_is_at_least_one(name: str) -> None:
    required = {"kafka_url": "k", "mongo_url": "m", "documents_url": "http://d", "public_url": "http://p"}
    secrets = {f"postigo_{each}_secret": "s" * 32 for each in ("id", "cursor", "internal")}
    with pytest.raises(ValueError, match=name):
        Settings.model_validate({**required, **secrets, name: 0})
