"""Whoever has stolen a session cannot keep its owner or an operator from ending it."""

import asyncio
from typing import Any, cast
from uuid import UUID

import pytest

from gateway.accounts.sessions import OF_ONE_SESSION, Sessions
from services.common.domain.tokens import hash_of
from services.common.http import problem_types
from services.common.http.problems import Problem
from tests.unit.gateway.builders import ACCOUNT

STOLEN, OWN = "the token of the thief", "the token of the owner"


class SlowStore:
    """Lists the sessions of an account only when it is told to answer."""

    def __init__(self) -> None:
        self.answers = asyncio.Event()
        self.removed: list[str] = []

    async def of_account(self, account_id: UUID) -> dict[str, Any]:
        await self.answers.wait()
        return {hash_of(token): cast("Any", None) for token in (STOLEN, OWN)}

    async def remove(self, token_hashes: list[str]) -> None:
        self.removed += token_hashes


async def test_a_stolen_session_that_floods_is_ended_all_the_same() -> None:
    store = SlowStore()
    sessions = Sessions(cast("Any", store), cast("Any", None))
    flood = [asyncio.create_task(sessions.end_one(ACCOUNT, UUID(int=1), STOLEN)) for _ in range(OF_ONE_SESSION + 1)]
    await asyncio.sleep(0)
    ends = [asyncio.create_task(sessions.end_others(ACCOUNT, OWN))]
    await asyncio.sleep(0)
    ends.append(asyncio.create_task(cast("Any", sessions.end_all(ACCOUNT, "ended-by-operator"))))
    await asyncio.sleep(0)
    store.answers.set()
    await asyncio.gather(*ends)
    assert set(store.removed) == {hash_of(STOLEN), hash_of(OWN)}
    assert sessions.cached(STOLEN) is None
    answers = [cast("Problem", each).kind for each in await asyncio.gather(*flood, return_exceptions=True)]
    assert sorted(each.code for each in answers) == ["not-found"] * OF_ONE_SESSION + ["too-many-at-once"]


async def test_one_session_has_few_places() -> None:
    sessions = Sessions(cast("Any", SlowStore()), cast("Any", None))
    waiting = [asyncio.create_task(sessions.end_others(ACCOUNT, OWN)) for _ in range(OF_ONE_SESSION)]
    await asyncio.sleep(0)
    with pytest.raises(Problem) as refused:
        await sessions.end_others(ACCOUNT, OWN)
    assert refused.value.kind is problem_types.TOO_MANY_AT_ONCE
    for each in waiting:
        each.cancel()
