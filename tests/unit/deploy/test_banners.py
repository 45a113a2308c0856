"""What an operator types about banners."""

from datetime import UTC, datetime

import pytest

from deploy.operator.banners import banner_of, parse_until
from deploy.operator.errors import OperatorError
from services.common.contracts.limits import MAX_BANNER

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "moment"),
    [
        ("2026-03-02 12:01", datetime(2026, 3, 2, 12, 1, tzinfo=UTC)),
        (" 2026-03-02T12:01 ", datetime(2026, 3, 2, 12, 1, tzinfo=UTC)),
        ("2026-07-01 18:00", datetime(2026, 7, 1, 17, 0, tzinfo=UTC)),
        ("2026-12-24 18:00", datetime(2026, 12, 24, 18, 0, tzinfo=UTC)),
        # Summer time begins on 29 March 2026 at 01:00, and ends on 25 October at 02:00.
        ("2026-03-29 00:59", datetime(2026, 3, 29, 0, 59, tzinfo=UTC)),
        ("2026-03-29 02:00", datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
        ("2026-10-25 00:59", datetime(2026, 10, 24, 23, 59, tzinfo=UTC)),
        ("2026-10-25 01:30", datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
        ("2026-10-25 02:00", datetime(2026, 10, 25, 2, 0, tzinfo=UTC)),
    ],
)
def test_a_banner_ends_by_the_clock_in_lisbon_at_the_later_time_of_an_hour_that_is_repeated(
    typed: str, moment: datetime
) -> None:
    assert parse_until(typed, NOW) == moment


@pytest.mark.parametrize(
    ("typed", "what"),
    [
        ("2026-03-02 12:00", "2026-03-02 12:00 in Lisbon is in the past: choose a later time"),
        ("2020-01-01 00:00", "is in the past"),
        ("2026-03-29 01:00", "does not exist in Lisbon: summer time begins in this hour. Choose 02:00 or later"),
        ("2026-03-29 01:59", "does not exist in Lisbon"),
        ("2027-03-28 01:30", "does not exist in Lisbon"),
        ("2027-03-04 12:00", "is more than a year away"),
        ("2026-12-24", 'is no day and time in Lisbon: write it like "2026-12-24 18:00"'),
        ("2026-02-30 12:00", "is no day and time"),
        ("2026-12-24 24:01", "is no day and time"),
        ("2026-12-24 18:00Z", "is no day and time"),
        ("24/12/2026 18:00", "is no day and time"),
        ("amanhã", "is no day and time"),
        ("", "is no day and time"),
    ],
)
def test_another_end_is_refused_in_words(typed: str, what: str) -> None:
    with pytest.raises(OperatorError, match=what):
        parse_until(typed, NOW)


def test_the_texts_are_cleaned_and_a_pasted_code_is_understood() -> None:
    banner = banner_of(" Fechado\u200b\n hoje. ", "Closed\ttoday.", " fam 01", None)
    assert (banner.pt, banner.en, banner.subject) == ("Fechado hoje.", "Closed today.", "FAM-01")


def test_a_banner_has_at_most_500_characters_and_this_counts_the_cleaned_text() -> None:
    longest = "é" * MAX_BANNER
    assert banner_of(f"  {longest}\u200b ", "x", None, None).pt == longest
    with pytest.raises(OperatorError, match="--en has 501 characters, and a banner has at most 500: shorten it"):
        banner_of("x", f"{longest}e", None, None)


@pytest.mark.parametrize("text", ["", "  ", "\u200b\u2800", "\n"])
def test_both_languages_need_words(text: str) -> None:
    with pytest.raises(OperatorError, match="--pt has no words: write the text in both languages"):
        banner_of(text, "Closed.", None, None)
    with pytest.raises(OperatorError, match="--en has no words"):
        banner_of("Fechado.", text, None, None)


def test_an_unknown_subject_is_refused_with_the_known_ones() -> None:
    with pytest.raises(OperatorError, match=r"There is no subject 'XXX-01': choose one of .*FAM-01, "):
        banner_of("Fechado.", "Closed.", "XXX-01", None)
