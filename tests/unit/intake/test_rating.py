"""A person rates how their request was handled: once, after a decision."""

import pytest
from pydantic import ValidationError

from services.intake.domain import Move
from services.intake.messages import ActRefused, RequestRated, State
from tests.unit.intake.builders import rated
from tests.unit.intake.life import Life


def decided(move: Move = Move.RESOLVE) -> Life:
    life = Life()
    life.command(move)
    return life


@pytest.mark.parametrize(
    ("move", "state"),
    [(Move.ANSWER, State.ANSWERED), (Move.RESOLVE, State.CONCLUDED), (Move.REJECT, State.REJECTED)],
)
@pytest.mark.parametrize("score", [1, 5])
def test_a_decision_may_be_rated_with_words(move: Move, state: State, score: int) -> None:
    life = decided(move)
    (fact,) = life.process(rated(score=score, text="Foi rápido."))
    assert isinstance(fact, RequestRated)
    assert (fact.score, fact.text, fact.act_id, fact.state) == (score, "Foi rápido.", "a-4", state)


def test_a_second_rating_is_refused_also_after_coming_back() -> None:
    life = decided()
    life.rate(5)
    (fact,) = life.rate(1)
    assert isinstance(fact, ActRefused)
    assert fact.code == "rated-already"
    life.write()
    life.command(Move.RESOLVE)
    (again,) = life.rate(1)
    assert isinstance(again, ActRefused)
    assert again.code == "rated-already"


@pytest.mark.parametrize("came_back", [True, False])
def test_what_is_not_decided_cannot_be_rated(came_back: bool) -> None:
    life = decided() if came_back else Life()
    life.write()
    (fact,) = life.rate()
    assert isinstance(fact, ActRefused)
    assert fact.code == "not-allowed"


def test_a_rating_need_not_be_seen_before_a_decision_and_changes_no_date() -> None:
    life = decided(Move.ANSWER)
    before = life.request
    life.rate()
    assert life.request.person_seq == before.person_seq
    assert life.document.due
    assert life.command(Move.RESOLVE, seen=before.seq)[-1].state is State.CONCLUDED


@pytest.mark.parametrize("score", [0, 6, -1])
def test_a_score_is_from_one_to_five(score: int) -> None:
    with pytest.raises(ValidationError):
        rated(score=score)
