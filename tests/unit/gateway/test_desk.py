"""Cases of departments: the projection of their inboxes, and tokens."""

from datetime import UTC, date, datetime, timedelta
from functools import reduce
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, strategies as st

from gateway.desk.domain import DepartmentToken
from gateway.desk.view import DeskCase
from gateway.worker.domain import keep_latest_case
from gateway.worker.handlers import cases
from services.common.contracts import topics
from services.common.contracts.departments import (
    Assignment,
    AssignmentClosed,
    AssignmentCreated,
    AssignmentReminder,
    AssignmentUpdated,
    AssignmentWithdrawn,
    TransferredOften,
)
from services.common.contracts.lifecycle import State
from services.common.domain.identifiers import reference_of
from services.common.domain.tokens import hash_of, new_token
from tests.support.received import MONDAY, REQUEST, received

KINDS = (AssignmentCreated, AssignmentUpdated, AssignmentWithdrawn, AssignmentClosed)


def event(number: int, kind: type[Assignment] = AssignmentUpdated, department: str = "pf") -> Any:
    assignment = kind(
        request_id=REQUEST,
        reference=reference_of(REQUEST),
        occurred_at=MONDAY + timedelta(minutes=number),
        assignment_id=UUID(int=5),
        department=department,
        epoch=1,
        number=number,
        as_of=number + 2,
        subject="FAM-01",
        reason="INF",
        description="Qual é o escalão?",
        documents=(),
        entered_on=date(2026, 1, 5),
        due_on=date(2026, 1, 19),
        state=State.IN_ANALYSIS,
    )
    return received(assignment, topic=topics.inbox(department), id=f"i-{number}")


def merged(*records: Any) -> DeskCase | None:
    case: DeskCase | None = None
    return reduce(keep_latest_case, records, case)


@given(st.lists(st.sampled_from(KINDS), min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_inbox_events_in_any_order_and_repeated_give_the_same_case(kinds: list[type[Assignment]], chance: Any) -> None:
    records = [event(number, kind) for number, kind in enumerate(kinds, 1)]
    shuffled = [*records, *chance.choices(records, k=3)]
    chance.shuffle(shuffled)
    assert merged(*shuffled) == merged(*records)
    case = merged(*records)
    assert case is not None
    assert case.assignment.number == len(kinds)


@pytest.mark.parametrize(
    ("kind", "closed"),
    [(AssignmentCreated, False), (AssignmentUpdated, False), (AssignmentWithdrawn, True), (AssignmentClosed, True)],
)
def test_a_case_is_closed_by_its_last_event(kind: type[Assignment], closed: bool) -> None:
    case = merged(event(1, AssignmentCreated), event(2, kind))
    assert case is not None
    assert case.closed is closed


@pytest.mark.parametrize("kind", KINDS)
def test_a_stored_case_is_read_back_as_it_was(kind: type[Assignment]) -> None:
    case = merged(event(1, kind))
    assert case is not None
    stored = DeskCase.model_validate(case.model_dump())
    assert dict(stored.assignment) == dict(case.assignment)


def test_a_case_that_was_transferred_away_is_closed_until_it_comes_back() -> None:
    closed = event(2, AssignmentClosed)
    away = closed._replace(event=closed.event.model_copy(update={"transferred_to": "dd"}))
    case = merged(event(1, AssignmentCreated), away)
    assert case is not None
    assert (case.closed, case.assignment.transferred_to) == (True, "dd")
    back = merged(event(3, AssignmentCreated), event(1, AssignmentCreated), away)
    assert back is not None
    assert (back.closed, back.assignment.transferred_to) == (False, None)


def test_a_reminder_says_how_many_days_are_left() -> None:
    reminder = AssignmentReminder(**dict(event(1).event), working_days_left=3)
    case = merged(event(1)._replace(event=reminder))
    assert case is not None
    assert (case.closed, case.assignment.working_days_left) == (False, 3)


def test_an_alarm_to_screening_is_no_case() -> None:
    alarm = TransferredOften(
        request_id=REQUEST,
        reference=reference_of(REQUEST),
        occurred_at=MONDAY,
        department="tri",
        hops=2,
        held_by="dd",
        subject="FAM-01",
        reason="INF",
    )
    assert cases.of(alarm) is None


def test_each_department_has_a_case_of_its_own() -> None:
    keys = {code: list(cases.keys(event(1, AssignmentCreated, code))) for code in ("pf", "dd", "tri")}
    assert keys == {code: [f"{code} {REQUEST}"] for code in keys}
    assert cases.of(event(1).event) is keep_latest_case


@pytest.mark.parametrize("days", [1, 30, 365])
def test_a_token_is_valid_until_it_expires_and_only_its_hash_is_stored(days: int) -> None:
    now = datetime(2026, 1, 5, tzinfo=UTC)
    token = new_token()
    stored = DepartmentToken.of(hash_of(token), "pf", now, days)
    assert stored.is_valid(now)
    assert stored.is_valid(now + timedelta(days=days, seconds=-1))
    assert not stored.is_valid(now + timedelta(days=days))
    assert token not in stored.model_dump_json()
    assert (stored.token_hash, stored.id) == (hash_of(token), hash_of(token)[:12])
