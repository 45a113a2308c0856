"""How long requests wait for their registration, and people for their notices."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, strategies as st

from gateway.status.samples import (
    ENOUGH_FOR_P99,
    MOST_KEPT,
    Registrations,
    RegistrationTimes,
    WaitingNotices,
    percentile,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_without_a_request_in_the_last_hour_there_are_no_times() -> None:
    registrations = Registrations()
    assert registrations.times(NOON) is None
    registrations.add(at(-3602), at(-3601))
    assert registrations.times(NOON) is None


def test_the_median_is_said_from_the_first_request_on_and_the_99th_percentile_with_a_hundred() -> None:
    registrations = Registrations()
    for second in range(1, ENOUGH_FOR_P99):
        registrations.add(at(0), at(second))
    assert registrations.times(at(100)) == RegistrationTimes(50, None, 99)
    registrations.add(at(0), at(100))
    assert registrations.times(at(100)) == RegistrationTimes(50, 99, 100)


def test_the_newest_samples_are_kept() -> None:
    registrations = Registrations()
    for second in range(MOST_KEPT + 10):
        registrations.add(at(second / 10), at(second / 10 + (0 if second >= 10 else 5)))
    assert registrations.times(at(300)) == RegistrationTimes(0, 0, MOST_KEPT)


@given(st.lists(st.floats(0, 100), min_size=1), st.integers(1, 100))
def test_a_percentile_is_a_value_that_so_many_do_not_exceed(values: list[float], percent: int) -> None:
    found = percentile(sorted(values), percent)
    assert found in values
    assert sum(each <= found for each in values) * 100 >= percent * len(values)
    assert sum(each < found for each in values) * 100 < percent * len(values)


def test_a_notice_waits_from_the_registration_until_any_later_outcome() -> None:
    notices = WaitingNotices()
    assert notices.waiting(at(0)) == timedelta(0)
    notices.registered(at(10))
    notices.registered(at(20))
    assert notices.waiting(at(40)) == timedelta(seconds=30)
    notices.ended(at(15))
    assert notices.waiting(at(40)) == timedelta(seconds=20)
    notices.ended(at(21))
    assert notices.waiting(at(40)) == timedelta(0)


def test_a_registration_before_the_last_outcome_waits_for_nothing() -> None:
    notices = WaitingNotices()
    notices.ended(at(30))
    notices.registered(at(10))
    assert notices.waiting(at(40)) == timedelta(0)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 50))))
def test_the_order_in_which_records_are_read_does_not_matter(records: list[tuple[bool, int]]) -> None:
    def waiting(order: list[tuple[bool, int]]) -> timedelta:
        notices = WaitingNotices()
        for is_outcome, second in order:
            (notices.ended if is_outcome else notices.registered)(at(second))
        return notices.waiting(at(60))

    assert waiting(records) == waiting(sorted(records)) == waiting(sorted(records, reverse=True))
