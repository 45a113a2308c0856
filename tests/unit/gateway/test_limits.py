"""The concurrency limit of each account."""

from contextlib import ExitStack
from uuid import UUID

import pytest

from gateway.limits.concurrency import KeyedLimit
from services.common.http import problem_types
from services.common.http.problems import Problem

ONE, OTHER = UUID(int=1), UUID(int=2)


def test_each_account_has_its_own_limit() -> None:
    limit = KeyedLimit("uploads", 2)
    with ExitStack() as in_progress:
        for account in (ONE, ONE, OTHER):
            in_progress.enter_context(limit.acquire(account))
        with pytest.raises(Problem) as rejected, limit.acquire(ONE):
            pass
        assert rejected.value.kind is problem_types.TOO_MANY_AT_ONCE
        assert "Retry-After" in (rejected.value.headers or {})
        in_progress.enter_context(limit.acquire(OTHER))
    for _ in range(2):
        with limit.acquire(ONE), limit.acquire(ONE):
            pass


def test_an_account_with_nothing_in_progress_is_forgotten() -> None:
    limit = KeyedLimit("uploads", 1)
    for account in (ONE, OTHER, ONE):
        with limit.acquire(account), pytest.raises(Problem), limit.acquire(account):
            pass
    assert not len(limit)
