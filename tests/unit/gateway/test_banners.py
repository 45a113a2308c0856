"""Which banners people see, and when."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from gateway.banners import current
from gateway.banners.current import Banners
from gateway.banners.domain import in_force, text_in
from services.common.contracts.banners import Banner
from services.common.domain.errors import StoreUnavailable
from tests.support.waiting import eventually

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def banner(subject: str | None = None, until: datetime | None = None, pt: str = "Fechado.") -> Banner:
    return Banner(pt=pt, en="Closed.", subject=subject, until=until, set_at=NOON)


ALL, FAMILY, WORK = banner(), banner("FAM-01"), banner("TRB-01")


def test_the_banner_for_everybody_comes_before_that_of_the_subject() -> None:
    stored = [FAMILY, WORK, ALL]
    assert in_force(stored, "FAM-01", NOON) == [ALL, FAMILY]
    assert in_force(stored, "FIS-01", NOON) == [ALL]
    assert in_force(stored, None, NOON) == [ALL]
    assert in_force([FAMILY], None, NOON) == []


def test_a_banner_ends_by_itself_at_its_time() -> None:
    ending = banner(until=NOON)
    assert in_force([ending], None, NOON - timedelta(microseconds=1)) == [ending]
    assert in_force([ending], None, NOON) == []


@given(
    st.lists(st.sampled_from([None, "FAM-01", "TRB-01"]), unique=True),
    st.integers(-2, 2),
    st.sampled_from([None, "FAM-01", "FIS-01"]),
)
def test_at_most_one_for_everybody_and_one_of_the_subject_is_shown(
    subjects: list[str | None], minutes: int, asked: str | None
) -> None:
    stored = [banner(each, NOON + timedelta(minutes=minutes)) for each in subjects]
    shown = in_force(stored, asked, NOON)
    assert {each.subject for each in shown} <= {None, asked}
    assert len(shown) == len({each.subject for each in shown})
    assert bool(shown) == (minutes > 0 and bool({None, asked} & set(subjects)))


def test_a_banner_has_a_text_in_each_language() -> None:
    assert (text_in(ALL, "pt"), text_in(ALL, "en")) == ("Fechado.", "Closed.")


async def test_the_last_known_banners_stay_while_the_store_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(current, "READ_EVERY", 0.001)
    answers: list[Sequence[Banner] | None] = [[ALL], None, None, [FAMILY]]
    seen: list[Sequence[Banner]] = []

    async def read() -> Sequence[Banner]:
        seen.append(banners.current("FAM-01", NOON))
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if answer is None:
            raise StoreUnavailable("a test")
        return answer

    banners = Banners(read)
    assert banners.current(None, NOON) == []
    await banners.load()
    loop = asyncio.create_task(banners.run())

    async def replaced() -> bool:
        return list(banners.current("FAM-01", NOON)) == [FAMILY]

    await eventually(replaced)
    loop.cancel()
    assert seen[:4] == [[], [ALL], [ALL], [ALL]]
