"""Every clause accepts a correct history, and finds the violation in a history that breaks it."""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import pytest

from deploy.verification import clauses
from deploy.verification.clauses import CLAUSES, UNDISTURBED, special
from deploy.verification.evidence import MESSAGE, Act, DeadLetter
from deploy.verification.history import History
from deploy.verification.verdicts import Clause, judge
from services.common.contracts.decisions import Outcome
from services.common.contracts.lifecycle import ActRefused, State
from tests.unit.verification import spoiled_acts, spoiled_lives, spoiled_records, spoiled_requests, spoiled_special
from tests.unit.verification.builders import Life, message, some_files, together, withdrawal
from tests.unit.verification.life_steps import asked, came_back, everything, extended, heard, rated, transferred
from tests.unit.verification.spoiling import ACT, SPOILED, again, poisoned, refused, sent

assert spoiled_acts
assert spoiled_lives
assert spoiled_records
assert spoiled_requests
assert spoiled_special

EVERY = (*CLAUSES, *UNDISTURBED)

EARLIER: Final = Life("dd")

GOOD = {
    "plain": Life(),
    "with files": Life(files=some_files(2)),
    "with messages": Life(acts=(message(files=1), message("E outro."))),
    "withdrawn": Life(acts=(withdrawal(),)),
    "of another department": Life("dd"),
    "with asked documents": Life(steps=(asked,)),
    "with a hearing": Life(steps=(heard,)),
    "transferred": Life(steps=(transferred,), acts=(message(files=1),)),
    "extended": Life(steps=(extended,)),
    "that came back": Life(after=(came_back,)),
    "rated": Life(after=(rated,)),
    "with everything": everything(),
}


def broken(history: History) -> list[str]:
    return [f"{verdict}: {violation.what}" for verdict in judge(history, EVERY) for violation in verdict.violations]


@pytest.mark.parametrize("life", GOOD.values(), ids=GOOD)
def test_a_correct_life_holds_every_clause(life: Life) -> None:
    assert broken(life.history()) == []


def test_many_correct_lives_hold_every_clause() -> None:
    assert broken(together(*(life.history() for life in GOOD.values()))) == []


def test_duplicate_records_and_mails_with_the_same_ids_hold_every_clause() -> None:
    history = Life().history()
    twice = [again(record, 100 + record.position.offset) for record in history.records]
    repeated = replace(history, records=[*history.records, *twice], mails=[*history.mails, *history.mails])
    assert [verdict for verdict in judge(repeated, CLAUSES) if not verdict.held] == []


def test_poison_that_every_reader_dead_lettered_holds_every_clause() -> None:
    assert broken(poisoned(Life().history(), "intake", "gateway-views")) == []


def test_a_withdrawal_that_came_too_late_holds_every_clause() -> None:
    assert broken(refused(Life())) == []


def test_a_message_that_came_after_the_end_holds_every_clause() -> None:
    late = Act(MESSAGE, ACT, "Já enviei.", some_files(1))
    gone = Life(acts=(withdrawal(),))
    history = refused(gone, State.WITHDRAWN, text=late.text, documents=late.documents)
    assert broken(sent(history, acts=(*gone.acts, late))) == []


def test_an_unreadable_command_that_was_answered_holds_every_clause() -> None:
    life = Life()
    position = life.unreadable_command().position
    life.answer_unreadable(position)
    letter = DeadLetter("routing", position, "not-json")
    assert broken(replace(life.history(), dead_letters=[letter], poisoned=frozenset({position}))) == []


def test_a_command_that_was_refused_for_a_harmless_reason_holds_every_clause() -> None:
    assert broken(spoiled_acts.rejected(Life(), "stale", command_id="an earlier one")) == []


def test_the_refusal_of_a_command_is_no_act_and_need_not_be_shown() -> None:
    life = Life()
    command = {"id": "c", "topic": "departments.pf.outbox.v1", "partition": 0, "offset": 1}
    refusal = {"act_id": "c", "code": "not-allowed", "command": command}
    life.fact("refused", life.registered, ActRefused, State.CONCLUDED, **refusal)
    assert broken(life.history()) == []


SPECIAL: Final = {
    "a report": lambda: spoiled_special.report(Life("fis").history()),
    "a question": lambda: together(
        spoiled_special.question(Life("dd").history(), EARLIER.reference, "dd"), EARLIER.history()
    ),
    "a leave that ended": lambda: spoiled_special.sick_leave(Life("dp"), "dp/1/sick-leave-ended/2026-01-08"),
    "a leave that did not": lambda: spoiled_special.sick_leave(Life("dp"), outcome=Outcome.REFUSED),
}


@pytest.mark.parametrize("history", SPECIAL.values(), ids=SPECIAL)
def test_a_correct_special_path_holds_the_clauses_about_it(history: Callable[[], History]) -> None:
    assert [verdict for verdict in judge(history(), special.CLAUSES) if not verdict.held] == []


def test_without_pages_the_pages_are_not_checked() -> None:
    assert broken(replace(Life().history(), pages=None)) == []


@pytest.mark.parametrize(("clause", "spoil"), SPOILED, ids=[spoil.__name__ for _, spoil in SPOILED])
def test_a_clause_finds_the_violation_in_a_spoiled_life(clause: Clause, spoil: Callable[[Life], History]) -> None:
    assert clause(spoil(Life()))


def test_every_clause_has_a_history_that_breaks_it() -> None:
    assert {clause.name for clause, _ in SPOILED} == {clause.name for clause in EVERY}


def test_every_clause_of_every_module_is_in_the_list() -> None:
    modules = [
        importlib.import_module(f"{clauses.__name__}.{each.name}") for each in pkgutil.iter_modules(clauses.__path__)
    ]
    written = {each.name for module in modules for each in vars(module).values() if isinstance(each, Clause)}
    assert written == {clause.name for clause in EVERY}
    assert len(EVERY) == len(written)
