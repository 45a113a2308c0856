"""What authors did after filing: the check passes when each act was judged once, and finds each harm."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from deploy.demo import checks
from deploy.demo.acts import acts_judged_once
from deploy.demo.cases import Act
from deploy.demo.facts import Facts
from deploy.demo.tally import summary
from services.common.contracts.departments import AssignmentUpdated, AssignmentWithdrawn
from services.common.contracts.lifecycle import ActRefused, MessageAdded, RequestAnswered, RequestWithdrawn, State
from services.common.domain.received import Received
from tests.unit.demo.life import Life, case, some_files, spoiled, together, without


@pytest.fixture
def written() -> Life:
    return Life(case("pf", files=1, acts=(Act(uuid4(), "Falta um papel.", some_files(1)), Act(uuid4(), "E outro."))))


@pytest.fixture
def gone() -> Life:
    return Life(case("dd", acts=(Act(uuid4()),)))


@pytest.fixture
def run(written: Life, gone: Life) -> Facts:
    return together(written, gone)


def with_more(facts: Facts, *records: Received[Any]) -> Facts:
    return spoiled(facts, records=[*facts.evidence.records, *records])


def test_a_run_in_which_every_act_was_applied_passes_every_check(run: Facts) -> None:
    assert [harm for check in checks.judge(run) for harm in check.harms] == []
    assert acts_judged_once(run).counts == "3 done, 3 applied, 0 refused"
    assert summary(run) == "2 filed, 2 registered, 1 answered, 1 withdrawn, 2 notified"


def test_a_withdrawal_that_came_too_late_is_as_well_judged(run: Facts, written: Life) -> None:
    late = Act(uuid4())
    facts = together(written)
    refusal = written.fact(ActRefused, 10, State.CONCLUDED, act_id=str(late.act_id), code="not-allowed")
    page = facts.page(written.case)
    told = Facts(
        1,
        [replace(written.case, acts=(*written.case.acts, late))],
        replace(
            facts.evidence,
            records=[*facts.evidence.records, refusal],
            shown={written.case.reference: replace(page, entries=[*page.entries, written.entry(refusal)])},
        ),
    )
    assert [harm for check in checks.judge(told) for harm in check.harms] == []
    assert acts_judged_once(told).counts == "3 done, 2 applied, 1 refused"


@pytest.mark.parametrize("kind", [MessageAdded, RequestWithdrawn])
def test_a_lost_act_is_found(run: Facts, written: Life, gone: Life, kind: type) -> None:
    life, name = (written, "a message") if kind is MessageAdded else (gone, "a withdrawal")
    assert (
        f"{life.case.reference}: {name}: judged never"
        in acts_judged_once(without(run, kind, life.case.request_id)).harms
    )


def test_an_act_that_was_judged_twice_is_found(run: Facts, gone: Life) -> None:
    again = gone.fact(ActRefused, 4, State.WITHDRAWN, act_id=str(gone.case.acts[0].act_id), code="not-allowed")
    assert acts_judged_once(with_more(run, again)).harms == (f"{gone.case.reference}: a withdrawal: judged 2 times",)


def test_an_act_that_nobody_did_is_found(run: Facts, gone: Life) -> None:
    strange = gone.fact(MessageAdded, 4, State.WITHDRAWN, act_id=str(uuid4()), text="Olá.")
    assert acts_judged_once(with_more(run, strange)).harms == (f"{gone.case.reference}: something that nobody did",)


def test_a_departments_refused_command_is_no_act_of_the_author(run: Facts, gone: Life) -> None:
    command = {"id": "c", "topic": "departments.dd.outbox.v1", "partition": 0, "offset": 1}
    refused = gone.fact(ActRefused, 4, State.WITHDRAWN, act_id="c", code="not-allowed", command=command)
    assert acts_judged_once(with_more(run, refused)).passed


@pytest.mark.parametrize("changed", [{"text": "Outra coisa."}, {"documents": ()}])
def test_a_message_that_was_kept_changed_is_found(run: Facts, written: Life, changed: dict[str, Any]) -> None:
    first = str(written.case.acts[0].act_id)
    records = [
        each._replace(event=each.event.model_copy(update=changed))
        if getattr(each.event, "act_id", None) == first
        else each
        for each in run.evidence.records
    ]
    harms = acts_judged_once(spoiled(run, records=records)).harms
    assert f"{written.case.reference}: a message: kept changed" in harms


def test_an_act_that_its_author_cannot_see_is_found(run: Facts, gone: Life) -> None:
    page = run.page(gone.case)
    blind = replace(page, entries=[entry for entry in page.entries if entry.act_id is None])
    facts = spoiled(run, shown={**run.evidence.shown, gone.case.reference: blind})
    assert acts_judged_once(facts).harms == (f"{gone.case.reference}: a withdrawal: its author sees it never",)


@pytest.mark.parametrize("kind", [AssignmentUpdated, AssignmentWithdrawn])
def test_what_the_department_never_heard_is_found(run: Facts, written: Life, gone: Life, kind: type) -> None:
    life = written if kind is AssignmentUpdated else gone
    harms = acts_judged_once(without(run, kind, life.case.request_id)).harms
    assert harms
    assert all("told to the department" in harm for harm in harms)


def test_a_withdrawn_request_that_was_answered_all_the_same_is_found(run: Facts, gone: Life) -> None:
    answered = gone.fact(RequestAnswered, 4, State.ANSWERED, department="dd", text="Está resolvido.")
    harms = checks.answered_and_visible(with_more(run, answered)).harms
    assert f"{gone.case.reference}: withdrawn, and yet request.answered" in harms
