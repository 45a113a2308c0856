"""What people are told works, from what was measured."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given, strategies as st

from gateway.status.domain import (
    KNOWN_FOR,
    PARTS,
    Answer,
    Judgement,
    Lag,
    Measurements,
    PartName,
    State,
    advance,
    judge,
    overall,
)
from gateway.status.texts import OVERALL, PART_NAMES, SENTENCES, STATE_NAMES

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
STATES: tuple[State, ...] = get_args(State)

FAST, SLOW, SILENT = Answer(NOON, 0.01), Answer(NOON, 1.5), Answer(NOON, None)


def lag(**of: float) -> Lag:
    return Lag(NOON, timedelta(**of))


GOOD = Measurements(FAST, FAST, FAST, lag(seconds=4), lag(seconds=4))


def states(measurements: Measurements, now: datetime = NOON) -> dict[PartName, State]:
    return {name: each.state for name, each in judge(measurements, now).items()}


def test_everything_works_when_everything_answers_and_nothing_is_behind() -> None:
    assert states(GOOD) == dict.fromkeys(PARTS, "working")


def test_nothing_is_known_before_the_first_measurement() -> None:
    assert states(Measurements()) == dict.fromkeys(PARTS, "unknown")


def test_an_old_measurement_says_nothing_about_now() -> None:
    assert states(GOOD, NOON + KNOWN_FOR) == dict.fromkeys(PARTS, "working")
    assert states(GOOD, NOON + KNOWN_FOR + timedelta(seconds=1)) == dict.fromkeys(PARTS, "unknown")


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"broker": SILENT}, {"filing": "not-working"}),
        ({"broker": SLOW}, {"filing": "slow"}),
        ({"documents": SILENT}, {"uploading": "not-working"}),
        ({"documents": None}, {"uploading": "unknown"}),
        ({"store": SILENT}, {"sign-in": "not-working", "reading": "not-working"}),
        ({"store": SLOW}, {"sign-in": "slow", "reading": "slow"}),
        ({"views": None}, {"reading": "unknown"}),
        ({"views": None, "store": SILENT}, {"reading": "not-working", "sign-in": "not-working"}),
        ({"views": lag(seconds=31)}, {"reading": "slow"}),
        ({"views": lag(minutes=16)}, {"reading": "not-working"}),
        ({"views": lag(minutes=16), "store": SLOW}, {"reading": "not-working", "sign-in": "slow"}),
        ({"notices": None}, {"notices": "unknown"}),
        ({"notices": lag(seconds=119)}, {}),
        ({"notices": lag(seconds=121)}, {"notices": "slow"}),
        ({"notices": lag(hours=3)}, {"notices": "not-working"}),
    ],
)
def test_what_fails_changes_the_parts_that_need_it_and_no_others(
    changed: dict[str, Answer | Lag | None], expected: dict[PartName, State]
) -> None:
    assert states(GOOD._replace(**changed)) == dict.fromkeys(PARTS, "working") | expected  # type: ignore[arg-type]


def test_a_delay_is_said_with_the_state() -> None:
    judged = judge(GOOD._replace(views=lag(minutes=3)), NOON)
    assert judged["reading"] == Judgement("slow", NOON, timedelta(minutes=3))
    assert judged["filing"].delay is None


@given(st.lists(st.sampled_from(STATES), min_size=1))
def test_a_state_lasts_since_it_began(history: list[State]) -> None:
    parts = advance({}, {}, NOON)
    for second, state in enumerate(history):
        at = NOON + timedelta(seconds=second)
        parts = advance(parts, {"filing": Judgement(state, at)}, at)
    same = next((i for i, state in enumerate(reversed(history)) if state != history[-1]), len(history))
    assert parts["filing"].state == history[-1]
    assert parts["filing"].since == NOON + timedelta(seconds=len(history) - same)


def test_what_becomes_unknown_keeps_the_time_of_its_last_measurement() -> None:
    parts = advance({}, judge(GOOD, NOON), NOON)
    later = NOON + timedelta(minutes=1)
    part = advance(parts, judge(Measurements(), later), later)["filing"]
    assert (part.state, part.since, part.checked_at) == ("unknown", later, NOON)


@given(st.lists(st.sampled_from(STATES), min_size=1))
def test_the_whole_is_as_good_as_its_worst_part(each: list[State]) -> None:
    parts = advance({}, {name: Judgement(state) for name, state in zip(PARTS, each, strict=False)}, NOON)
    found = {part.state for part in parts.values()}
    assert overall(parts) in found
    assert (overall(parts) == "working") == (found == {"working"})
    assert ("not-working" in found) == (overall(parts) == "not-working")


def test_each_part_and_state_has_words_in_both_languages() -> None:
    assert set(SENTENCES) == {(part, state) for part in PARTS for state in STATES}
    assert (set(PART_NAMES), set(STATE_NAMES), set(OVERALL)) == (set(PARTS), set(STATES), set(STATES))
    tables = (SENTENCES.values(), PART_NAMES.values(), STATE_NAMES.values(), OVERALL.values())
    words = [each for table in tables for each in table]
    assert all(each.pt and each.en and each.pt != each.en for each in words)
    assert all(each.pt.endswith(".") and each.en.endswith(".") for each in (*SENTENCES.values(), *OVERALL.values()))
