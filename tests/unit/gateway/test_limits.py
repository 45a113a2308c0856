"""Nobody takes all the places that are there for everybody."""

from contextlib import ExitStack
from uuid import UUID

import pytest

from gateway.limits import PerAccountLimit
from services.common.http import problem_types
from services.common.http.problems import Problem

ONE, OTHER = UUID(int=1), UUID(int=2)


def test_an_account_gets_its_share_and_no_more_whatever_others_do() -> None:
    shares = PerAccountLimit("uploads", 2)
    with ExitStack() as inside:
        for account in (ONE, ONE, OTHER):
            inside.enter_context(shares.of(account))
        with pytest.raises(Problem) as refused, shares.of(ONE):
            pass
        assert refused.value.kind is problem_types.TOO_MANY_AT_ONCE
        assert "Retry-After" in (refused.value.headers or {})
        inside.enter_context(shares.of(OTHER))
    for _ in range(2):
        with shares.of(ONE), shares.of(ONE):
            pass


def test_who_has_left_is_not_remembered() -> None:
    shares = PerAccountLimit("uploads", 1)
    for account in (ONE, OTHER, ONE):
        with shares.of(account), pytest.raises(Problem), shares.of(account):
            pass
    assert not len(shares)
