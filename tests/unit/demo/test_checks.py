"""The lines at the end of a run: the numbers of each promise, and the harms below it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import pytest

from deploy.demo.checks import JUDGED, PROMISES, Check, checks, refusals, summary
from deploy.verification.clauses import CLAUSES
from deploy.verification.history import History
from deploy.verification.verdicts import judge
from tests.unit.verification import spoiled_acts, spoiled_lives, spoiled_records, spoiled_requests, spoiled_special
from tests.unit.verification.builders import Life, message, some_files, together, withdrawal
from tests.unit.verification.spoiling import SPOILED

assert spoiled_lives
assert spoiled_records
assert spoiled_requests
assert spoiled_special

WITHOUT_REFERENCE: Final = {"nobody_ever_answered", "a_client_got_a_500"}


def judged(history: History) -> list[Check]:
    return checks(history, judge(history, JUDGED))


@pytest.fixture
def run() -> History:
    lives = Life(files=some_files(2)), Life("dd", acts=(message(files=1),)), Life("cc", acts=(withdrawal(),))
    return together(*(life.history() for life in lives))


def test_a_correct_run_passes_every_check(run: History) -> None:
    assert [(check.name, check.counts, check.harms) for check in judged(run)] == [
        ("Registered exactly once", "3 issued, 3 registered, 3 stored", ()),
        ("Each department its own", "3 assignments in 3 inboxes", ()),
        ("Answered, concluded, visible", "3 of 3", ()),
        ("Every date explained", "3 deadlines counted again, 0 of them suspended", ()),
        ("Every act decided once", "2 done, 2 applied, 0 refused", ()),
        ("Every notice sent once", "6 due, 6 sent, 6 mails", ()),
        ("Every attachment whole", "3 of 3", ()),
        ("Special paths kept", "0 reports, 0 linked, 0 leaves, 0 employers told", ()),
        ("In order, no dead letters", f"{len(run.records)} records, 0 dead letters", ()),
    ]
    assert summary(run) == "3 filed, 3 registered, 2 answered, 1 withdrawn, 3 notified"


def test_every_clause_belongs_to_one_promise() -> None:
    promised = [clause.name for promise in PROMISES for clause in promise.clauses]
    assert sorted(promised) == sorted(clause.name for clause in JUDGED)
    assert set(CLAUSES) < set(JUDGED)


@pytest.mark.parametrize("spoil", [spoil for _, spoil in SPOILED], ids=lambda spoil: spoil.__name__)
def test_each_harm_names_a_reference(spoil: Callable[[Life], History]) -> None:
    harms = [harm for check in judged(spoil(Life())) for harm in check.harms]
    assert harms
    if spoil.__name__ not in WITHOUT_REFERENCE:
        assert any(harm.startswith("PO-") for harm in harms)


def test_a_harm_is_listed_once_below_its_promise(run: History) -> None:
    blind = replace(run, pages={})
    assert {check.name: len(check.harms) > 0 for check in judged(blind) if not check.passed} == {
        "Answered, concluded, visible": True
    }
    (visible,) = (check for check in judged(blind) if not check.passed)
    assert visible.counts == "0 of 3"
    assert len(set(visible.harms)) == len(visible.harms)


def test_a_request_with_fewer_mails_than_due_does_not_count_as_notified(run: History) -> None:
    mails = [mail for mail in run.mails if mail.reference != run.submissions[0].reference]
    assert summary(replace(run, mails=mails)).endswith("2 notified")


REFUSALS: Final[Mapping[str, bool]] = {"stale": True, "not-allowed": True, "unknown-assignment": False}


@pytest.mark.parametrize("code", REFUSALS)
def test_rejected_commands_are_reported_as_correct_or_not(code: str) -> None:
    history = spoiled_acts.rejected(Life(), code, command_id="an earlier one")
    (sentence,) = refusals(history)
    assert sentence.startswith("1 × ")
    assert repr(code) in sentence
    assert ("which is correct" in sentence) is REFUSALS[code]
    assert all(check.passed for check in judged(history)) is REFUSALS[code]
