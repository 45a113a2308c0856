"""Every clause passes a life that went well, and finds the one place in which it is spoiled."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import pytest

from services.common.contracts.lifecycle import ActRefused, LifecycleFact, RequestInAnalysis, State
from tests.faults.clauses import CLAUSES
from tests.faults.history import Acted, History
from tests.faults.telling import told
from tests.faults.verdicts import Clause, judge
from tests.unit.faults import spoiled_lives, spoiled_records
from tests.unit.faults.builders import Life, again, poisoned
from tests.unit.faults.spoiling import REFUSED, SPOILED

assert spoiled_lives
assert spoiled_records


def broken(history: History) -> list[str]:
    return [str(verdict) for verdict in judge(history, CLAUSES) if not verdict.held]


def test_a_life_that_went_well_holds_every_clause() -> None:
    assert broken(Life().history()) == []


def test_what_is_said_again_and_mailed_again_under_its_id_holds_every_clause() -> None:
    history = Life().history()
    twice = [again(record, 100 + record.position.offset) for record in history.records]
    assert broken(replace(history, records=[*history.records, *twice], mails=[*history.mails, *history.mails])) == []


def test_poison_that_every_reader_set_aside_holds_every_clause() -> None:
    assert broken(poisoned(Life().history(), "intake", "gateway-views")) == []


EFFECTS: Final[Mapping[type[LifecycleFact], Mapping[str, Any]]] = {
    ActRefused: REFUSED,
    RequestInAnalysis: {"department": "pf"},
}


@pytest.mark.parametrize("kind", EFFECTS)
def test_an_act_that_was_refused_or_applied_holds_every_clause(kind: type[LifecycleFact]) -> None:
    life = Life(acts=(Acted("message", "act-1"),))
    life.fact("act", "act-1", kind, State.CONCLUDED, **EFFECTS[kind])
    assert broken(life.history()) == []


@pytest.mark.parametrize(("clause", "spoil"), SPOILED, ids=[spoil.__name__ for _, spoil in SPOILED])
def test_a_clause_finds_the_place_in_which_a_life_is_spoiled(clause: Clause, spoil: Callable[[Life], History]) -> None:
    assert clause(spoil(Life()))


def test_every_clause_has_a_history_that_breaks_it() -> None:
    assert {clause.name for clause, _ in SPOILED} == {clause.name for clause in CLAUSES}


def test_the_history_that_is_told_is_that_of_the_offended_request_alone_and_in_order() -> None:
    sound, life = Life(), Life()
    history = together(sound.history(), without_effects(life.history(), life.resolve.id))
    text = told(history, judge(history, CLAUSES))
    assert "BROKEN (lost)" in text
    assert str(life.request_id) in text
    assert str(sound.request_id) not in text
    moments = [line.split()[0] for line in text.splitlines() if line.startswith("    09:")]
    assert moments == sorted(moments)


def without_effects(history: History, cause: str) -> History:
    return replace(history, records=[record for record in history.records if record.cause != cause])


def together(*histories: History) -> History:
    return History(
        asked=[asked for history in histories for asked in history.asked],
        records=[record for history in histories for record in history.records],
        kept={group: {k: v for each in histories for k, v in each.kept[group].items()} for group in histories[0].kept},
        mails=[mail for history in histories for mail in history.mails],
    )
