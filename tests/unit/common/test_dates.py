"""Dates as people read them."""

from datetime import date, timedelta

import pytest
from hypothesis import given, strategies as st

from services.common.http.languages import LANGUAGES
from services.common.text.dates import IN_WORDS


@pytest.mark.parametrize(
    ("day", "portuguese", "english"),
    [
        (date(2026, 3, 12), "12 de março de 2026", "12 March 2026"),
        (date(2026, 1, 1), "1 de janeiro de 2026", "1 January 2026"),
        (date(2027, 2, 28), "28 de fevereiro de 2027", "28 February 2027"),
        (date(2028, 12, 31), "31 de dezembro de 2028", "31 December 2028"),
    ],
)
def test_a_date_is_written_in_words(day: date, portuguese: str, english: str) -> None:
    assert (IN_WORDS["pt"](day), IN_WORDS["en"](day)) == (portuguese, english)


@given(day=st.dates(), days=st.integers(1, 4000))
def test_no_two_days_read_the_same(day: date, days: int) -> None:
    if day <= date.max - timedelta(days=days):
        other = day + timedelta(days=days)
        assert all(IN_WORDS[language](day) != IN_WORDS[language](other) for language in LANGUAGES)


def test_every_language_has_its_words() -> None:
    assert set(IN_WORDS) == set(LANGUAGES)
