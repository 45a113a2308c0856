"""The second list of an account reads little more than its page, however many requests the account has."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from gateway.requests.list_density import ListDensities
from gateway.requests.view import RequestView
from services.common.store.stretches import Stretch
from tests.unit.gateway.builders import ACCOUNT, NOON


def view(filed_at: datetime) -> RequestView:
    return RequestView(account_id=ACCOUNT, filed_at=filed_at, request_id=uuid4(), reference="PO-1", updated_at=filed_at)


def inside(stretch: Stretch, views: list[RequestView]) -> int:
    return sum(
        (stretch.since is None or each.filed_at >= stretch.since)
        and (stretch.until is None or each.filed_at < stretch.until)
        for each in views
    )


@pytest.mark.parametrize("seconds", [1.0, 60.0, 6300.0, 400_000.0])
def test_the_next_list_reads_little_more_than_its_page(seconds: float) -> None:
    views = [view(NOON - timedelta(seconds=seconds) * number) for number in range(5000)]
    densities = ListDensities()
    assert list(densities.stretches(ACCOUNT, None, None, 21)) == [Stretch()]
    densities.learn(ACCOUNT, None, None, views[:21])
    first, *_ = densities.stretches(ACCOUNT, None, None, 21)
    assert 20 <= inside(first, views) <= 22
    _, second, *_ = densities.stretches(ACCOUNT, None, views[20].filed_at, 101)
    assert 0 < inside(second, views) <= 310


def test_a_later_page_does_not_make_the_list_forget_its_newest_request() -> None:
    views = [view(NOON - timedelta(minutes=number)) for number in range(100)]
    densities = ListDensities()
    densities.learn(ACCOUNT, None, None, views[:21])
    densities.learn(ACCOUNT, None, views[20].filed_at, views[21:42])
    first, *_ = densities.stretches(ACCOUNT, None, None, 21)
    assert first.until is None
    assert inside(first, views) <= 22


@pytest.mark.parametrize("years", [1, 3, 40])
def test_a_short_page_of_rare_requests_does_not_break_a_long_one(years: int) -> None:
    densities = ListDensities()
    views = [view(NOON), view(NOON - timedelta(days=366 * years))]
    densities.learn(ACCOUNT, None, None, views)
    assert sum(inside(stretch, views) for stretch in densities.stretches(ACCOUNT, None, None, 101)) == 2


def test_requests_filed_at_the_same_moment_are_one_stretch() -> None:
    densities = ListDensities()
    densities.learn(ACCOUNT, None, None, [view(NOON)] * 21)
    first, *_ = densities.stretches(ACCOUNT, None, None, 21)
    assert first == Stretch(NOON - timedelta(seconds=1), None)
