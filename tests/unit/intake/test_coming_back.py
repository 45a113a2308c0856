"""Coming back on an answer: within its window it returns the request to analysis, afterwards it is refused."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from services.common.legal_clock import end_of
from services.intake.domain import Move, Request
from services.intake.messages import (
    ActRefused,
    LifecycleFact,
    MessageAdded,
    RequestAnswered,
    RequestConcluded,
    RequestReopened,
    State,
)
from tests.unit.intake.builders import FILE, command, reopened, replied
from tests.unit.intake.life import Life, kinds

LAST_DAY = date(2026, 1, 19)
LAST_MINUTE = end_of(LAST_DAY) - timedelta(microseconds=1)
DECISIONS = [Move.ANSWER, Move.RESOLVE]


def decided(move: Move = Move.ANSWER) -> Life:
    life = Life()
    life.route()
    life.command(move)
    return life


def comes_back(life: Life, at: datetime, **other: Any) -> list[LifecycleFact]:
    return life.process(replied(at=at, **other))


@pytest.mark.parametrize("move", DECISIONS)
@pytest.mark.parametrize("at", [datetime.fromisoformat("2026-01-05T10:00Z"), LAST_MINUTE])
@pytest.mark.parametrize("other", [{}, {"text": None}, {"documents": ()}])
def test_a_message_or_a_file_within_the_window_returns_the_request_to_analysis(
    move: Move, at: datetime, other: dict[str, Any]
) -> None:
    life = decided(move)
    back, message = comes_back(life, at, **other)
    assert isinstance(back, RequestReopened)
    assert (back.state, back.epoch, back.department, back.act_id) == (State.IN_ANALYSIS, 2, "pf", "a-1")
    assert isinstance(message, MessageAdded)
    assert (message.state, message.act_id) == (State.IN_ANALYSIS, "a-1")
    assert life.request.person_seq == message.seq
    assert life.request.entered_on == date(2026, 1, 5)
    assert (life.request.answered_on, life.request.reply_until) == (None, None)
    assert "answer-lapsed" not in {each.kind for each in life.document.due}


@pytest.mark.parametrize("move", DECISIONS)
@pytest.mark.parametrize("record", [replied, reopened])
def test_after_the_window_it_is_refused_with_all_that_was_said(move: Move, record: Any) -> None:
    life = decided(move)
    before = life.request
    (fact,) = life.process(record(at=end_of(LAST_DAY), text="E agora?", documents=(FILE,)))
    assert isinstance(fact, ActRefused)
    assert (fact.code, fact.text, fact.documents) == ("closed", "E agora?", (FILE,))
    assert life.request == before.model_copy(update={"seq": before.seq + 1})


def test_after_a_conclusion_by_lapse_the_window_has_passed() -> None:
    life = decided()
    (fact,) = life.live_until(date(2026, 1, 20))
    assert isinstance(fact, RequestConcluded)
    assert fact.lapsed
    (refused,) = life.write()
    assert isinstance(refused, ActRefused)
    assert (refused.code, refused.state) == ("closed", State.CONCLUDED)


def test_a_message_of_the_last_minute_that_is_read_after_the_lapse_still_counts() -> None:
    life = decided()
    life.live_until(date(2026, 1, 20))
    assert kinds(comes_back(life, LAST_MINUTE)) == [RequestReopened, MessageAdded]


@pytest.mark.parametrize("move", DECISIONS)
def test_coming_back_without_words_says_no_message(move: Move) -> None:
    life = decided(move)
    assert kinds(life.come_back()) == [RequestReopened]
    assert life.request.person_seq == life.request.seq


def test_nothing_but_the_answer_moves_the_window() -> None:
    life = decided()
    life.live_until(date(2026, 1, 14))
    life.rate()
    answer, _ = life.command(Move.RESOLVE)
    assert isinstance(answer, RequestAnswered)
    assert answer.reply_until == LAST_DAY
    assert kinds(comes_back(life, end_of(LAST_DAY))) == [ActRefused]


def test_a_new_answer_after_coming_back_has_a_window_of_its_own() -> None:
    life = decided()
    life.live_until(date(2026, 1, 14))
    life.write()
    (answer,) = life.command(Move.ANSWER)
    assert isinstance(answer, RequestAnswered)
    assert answer.reply_until == date(2026, 1, 28)


@pytest.mark.parametrize("move", [Move.ANSWER, Move.RESOLVE, Move.TRANSFER])
def test_a_command_that_was_made_before_the_person_came_back_is_refused(move: Move) -> None:
    life = decided()
    life.write()
    (fact,) = life.process(command(move, seen=99, epoch=1, id="late"))
    assert isinstance(fact, ActRefused)
    assert fact.code == "old-epoch"


def test_a_decision_must_have_seen_what_the_person_came_back_with() -> None:
    life = decided()
    back, message = life.write()
    (fact,) = life.command(Move.ANSWER, seen=back.seq)
    assert (getattr(fact, "code", None), getattr(fact, "catch_up_to", None)) == ("stale", message.seq)


@pytest.mark.parametrize("end", [Move.REJECT, Move.WITHDRAW])
def test_what_was_rejected_or_withdrawn_does_not_come_back(end: Move) -> None:
    life = Life()
    life.withdraw() if end is Move.WITHDRAW else life.command(end)
    for fact in (*life.write("E agora?"), *life.come_back(text="E agora?")):
        assert isinstance(fact, ActRefused)
        assert (fact.code, fact.text) == ("closed", "E agora?")


def test_an_open_request_needs_no_coming_back() -> None:
    life = Life()
    (fact,) = life.come_back(text="Falta um papel.")
    assert isinstance(fact, ActRefused)
    assert (fact.code, fact.text) == ("not-allowed", "Falta um papel.")


def test_a_request_may_come_back_again_and_again() -> None:
    life = Life()
    for epoch in range(2, 12):
        life.command(Move.RESOLVE)
        life.write()
        assert (life.request.state, life.request.epoch) == (State.IN_ANALYSIS, epoch)


def test_an_answer_that_an_older_version_stored_has_a_window_too() -> None:
    life = decided()
    older = life.request.model_dump(exclude={"reply_until", "deadline", "alerts", "epoch"})
    life.document.state = Request.model_validate(older)
    assert kinds(comes_back(life, end_of(LAST_DAY))) == [ActRefused]
    assert kinds(comes_back(life, LAST_MINUTE, id="a-9")) == [RequestReopened, MessageAdded]
