"""What the department of sickness decides, and what it tells employers: the person's own leave, ended early, and nothing else."""

from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

import pytest
from hypothesis import given, strategies as st

from deploy.demo import early_return
from deploy.demo.data import load_accounts, load_sick_leaves
from deploy.demo.sick_leave import UNKNOWN, Asked, Decision, SickLeave, decide
from services.common.contracts.commands import Resolve
from services.common.contracts.decisions import Outcome
from services.common.contracts.employers import SickLeaveEnded
from services.common.domain.identifiers import valid_niss
from services.common.text.dates import IN_WORDS

TODAY: Final = date(2026, 12, 1)
RITA, INES = "10000003039", "10000004042"
EMPLOYER: Final = "20000001014"
REQUEST: Final = UUID(int=7)


def in_days(number: int) -> date:
    return TODAY + timedelta(days=number)


LEAVE: Final = SickLeave(1, "CIT-104417", RITA, EMPLOYER, in_days(-10), in_days(10))
EARLIER: Final = SickLeave(2, "CIT-100001", RITA, EMPLOYER, in_days(-60), in_days(-30))
OF_INES: Final = SickLeave(3, "CIT-105555", INES, EMPLOYER, in_days(-10), in_days(10))
REGISTER: Final = (EARLIER, OF_INES, LEAVE)


def decided(return_on: int, certificate: str = "", worker: str | None = RITA) -> Decision:
    return decide(REGISTER, Asked(worker, in_days(return_on), certificate), TODAY)


def accepted(decision: Decision) -> Resolve:
    """The command that intake reads."""
    return Resolve(assignment_id=UUID(int=1), epoch=1, seen=1, **decision.said)


@pytest.mark.parametrize("return_on", [-9, 0, 2, 10])
@pytest.mark.parametrize("certificate", ["", "CIT-104417", " cit 104417 ", "CIT–104417"])
def test_a_leave_that_still_lasts_ends_on_the_day_before_the_return(return_on: int, certificate: str) -> None:
    decision = decided(return_on, certificate)
    assert (decision.ended, accepted(decision).outcome) == (LEAVE, "granted")
    for day in (return_on - 1, return_on):
        assert IN_WORDS["pt"](in_days(day)) in decision.said["text"]
    assert "entidade empregadora" in decision.said["text"]


@pytest.mark.parametrize("return_on", [11, 30])
def test_a_leave_that_ended_before_is_refused_with_its_last_day(return_on: int) -> None:
    decision = decided(return_on)
    assert (decision.ended, accepted(decision).outcome) == (None, "refused")
    assert IN_WORDS["pt"](LEAVE.last_day) in decision.said["text"]
    appeal = accepted(decision).appeal
    assert appeal is not None
    assert appeal.until == in_days(90)


@pytest.mark.parametrize("return_on", [-10, -20])
def test_a_leave_that_has_not_begun_on_that_day_is_refused(return_on: int) -> None:
    decision = decided(return_on, "CIT-104417")
    assert (decision.ended, decision.said["outcome"]) == (None, "refused")
    assert IN_WORDS["pt"](LEAVE.first_day) in decision.said["text"]


def test_an_earlier_leave_of_the_same_person_is_chosen_by_its_number_alone() -> None:
    assert decided(2).ended == LEAVE
    assert decided(-40).ended == EARLIER
    assert decided(2, EARLIER.certificate).ended is None


@pytest.mark.parametrize(
    ("worker", "certificate"),
    [
        (RITA, OF_INES.certificate),
        (RITA, "CIT-999999"),
        ("10000001013", ""),
        ("10000001013", LEAVE.certificate),
        (None, ""),
        (None, LEAVE.certificate),
    ],
    ids=["of somebody else", "unknown", "no leave", "no leave but a number", "nobody", "nobody with a number"],
)
def test_nobody_learns_of_the_leave_of_somebody_else(worker: str | None, certificate: str) -> None:
    decision = decided(2, certificate, worker)
    assert (decision.ended, accepted(decision).outcome) == (None, "refused")
    assert (decision.said["text"], decision.said["grounds"]) == UNKNOWN


numbers = st.sampled_from(["CIT-1", "CIT-2", "CIT-3", "CIT-4"])
workers = st.sampled_from([RITA, INES, "10000001013"])
days = st.integers(-40, 40).map(in_days)
leaves = st.builds(
    lambda worker, first, length: (worker, first, first + timedelta(days=length)), workers, days, st.integers(0, 40)
)
registers = st.lists(leaves, max_size=4).map(
    lambda rows: tuple(
        SickLeave(number, f"CIT-{number}", worker, EMPLOYER, first, last)
        for number, (worker, first, last) in enumerate(rows, 1)
    )
)


@given(registers, st.none() | workers, days, st.just("") | numbers)
def test_a_leave_ends_if_and_only_if_it_is_the_persons_own_and_lasts_on_that_day(
    register: tuple[SickLeave, ...], worker: str | None, return_on: date, certificate: str
) -> None:
    decision = decide(register, Asked(worker, return_on, certificate), TODAY)
    ending = [
        each
        for each in register
        if each.worker == worker
        and certificate in ("", each.certificate)
        and each.first_day < return_on <= each.last_day
    ]
    assert (decision.ended in ending) if ending else (decision.ended is None)
    assert accepted(decision).outcome == ("granted" if ending else "refused")
    # What others have changes nothing that the person reads.
    own = tuple(each for each in register if each.worker == worker)
    assert decide(own, Asked(worker, return_on, certificate), TODAY) == decision


def case(because: str, state: str = "concluded", **changes: Any) -> dict[str, Any]:
    """An inbox event about a return in two days."""
    return {
        "request_id": str(REQUEST),
        "assignment_id": str(UUID(int=8)),
        "because": because,
        "state": state,
        "entered_on": TODAY.isoformat(),
        "occurred_at": "2026-12-01T09:00:00Z",
        "answers": [{"name": "return_on", "value": in_days(2).isoformat()}],
    } | changes


def test_the_employer_is_told_when_the_command_that_ended_the_leave_took_effect() -> None:
    (row,) = [each for each in load_sick_leaves() if each.number == 3]
    (notice,) = early_return.effects("dp", case("dp/5e1c/resolve/leave-3"))
    told = SickLeaveEnded.model_validate_json(notice["value"])
    assert (told.employer, told.worker, told.certificate) == (row.employer, row.worker, row.certificate)
    assert (told.last_day, told.returns_on) == (in_days(1), in_days(2))
    assert (notice["topic"], notice["key"]) == ("employers.notices.v1", row.employer.encode())
    assert str(REQUEST) not in notice["value"].decode()


def test_a_repeated_confirmation_is_the_same_notice() -> None:
    first, again, of_a_later_command = (
        early_return.effects("dp", case(because))[0]
        for because in ("dp/1/resolve/leave-3", "dp/1/resolve/leave-3", "dp/2/resolve/leave-3")
    )
    ids = {dict(each["headers"])["ce_id"] for each in (first, again, of_a_later_command)}
    assert len(ids) == 1
    assert len({each["value"] for each in (first, again, of_a_later_command)}) == 1


@pytest.mark.parametrize(
    ("because", "state"),
    [
        ("dp/5e1c/resolve", "concluded"),
        ("5e1c0f1a", "concluded"),
        ("5e1c0f1a", "withdrawn"),
        ("dp/5e1c/resolve/leave-3", "answered"),
        ("dp/5e1c/transfer", "in_analysis"),
    ],
)
def test_no_employer_is_told_of_anything_else(because: str, state: str) -> None:
    assert early_return.effects("dp", case(because, state)) == []


async def test_a_request_without_a_day_asks_for_a_new_one_that_has_it() -> None:
    ((name, said),) = await early_return.plan("dp", case("other", "registered", answers=[]))
    assert name == "resolve"
    assert Resolve(assignment_id=UUID(int=1), epoch=1, seen=1, **said).outcome is Outcome.INFORMED


def test_the_invented_register_has_workers_and_employers_of_the_demonstration() -> None:
    rows = load_sick_leaves()
    kinds = {account.niss: account.kind for account in load_accounts()}
    assert [each.number for each in rows] == list(range(1, len(rows) + 1))
    assert len({each.certificate for each in rows}) == len(rows)
    for each in rows:
        assert (kinds[each.worker], kinds[each.employer]) == ("person", "company")
        assert valid_niss(each.worker)
        assert valid_niss(each.employer)
        assert each.first_day <= each.last_day
