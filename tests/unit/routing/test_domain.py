"""Assignments, inbox events, and the commands and rejections of departments."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, strategies as st

from services.common.catalogue import catalogue
from services.common.contracts import topics
from services.common.contracts.base import MAX_DESCRIPTION, MAX_DOCUMENTS
from services.common.contracts.lifecycle import State
from services.common.domain.decision import Decision
from services.common.domain.identifiers import reference_of
from services.common.messaging.records.reader import MAX_EVENT
from services.routing import domain, handlers
from services.routing.domain import Assignment
from services.routing.messages import (
    MAX_MESSAGES,
    Acknowledge,
    ActRefused,
    Answer,
    AssignmentAcknowledged,
    AssignmentCreated,
    AssignmentMade,
    AssignmentResolved,
    AssignmentUpdated,
    AssignmentWithdrawn,
    Command,
    CommandRef,
    CommandRejected,
    DocumentAccepted,
    Message,
    MessageAdded,
    Reject,
    RequestRegistered,
    RequestWithdrawn,
    Resolve,
)
from tests.support.received import MONDAY, REQUEST, received

FACT: dict[str, Any] = {
    "request_id": REQUEST,
    "reference": reference_of(REQUEST),
    "account_id": UUID(int=1),
    "state": State.REGISTERED,
    "occurred_at": MONDAY,
}


def registered(subject: str = "FAM-01") -> Any:
    event = RequestRegistered(
        **FACT,
        seq=1,
        who="P",
        subject=subject,
        reason="INF",
        catalogue_version=1,
        language="pt",
        description="Qual é o escalão?",
        documents=(),
        entered_on=date(2026, 1, 5),
        due_on=date(2026, 1, 19),
        calendar="PT/1",
    )
    return received(event, topic=topics.LIFECYCLE)


def assigned() -> Assignment:
    state = domain.assign(None, registered(), catalogue()).state
    assert state is not None
    return state


def sent(command: Command, department: str = "pf", id: str = "c-1") -> Any:
    return received(command, topic=topics.outbox(department), id=id, offset=7)


def acknowledge(**other: Any) -> Acknowledge:
    return Acknowledge(**{"assignment_id": assigned().assignment_id, "epoch": 1, "seen": 1} | other)


def written(seq: int, text: str | None = "Falta-me um papel.", documents: tuple[UUID, ...] = ()) -> Any:
    event = MessageAdded(**FACT, seq=seq, act_id=f"a-{seq}", text=text, documents=documents)
    return received(event, topic=topics.LIFECYCLE)


def withdrawn(seq: int) -> Any:
    event = RequestWithdrawn(**FACT | {"state": State.WITHDRAWN}, seq=seq, act_id=f"a-{seq}")
    return received(event, topic=topics.LIFECYCLE)


def apply_message(current: Assignment | None, seq: int) -> Decision[Assignment]:
    return domain.update_for_message(current, written(seq))


def apply_withdrawal(current: Assignment | None, seq: int) -> Decision[Assignment]:
    return domain.withdraw(current, withdrawn(seq))


def rejection(decision: Decision[Assignment]) -> CommandRejected:
    (fact,) = decision.events
    assert isinstance(fact, CommandRejected)
    assert decision.refused
    return fact


@pytest.mark.parametrize("subject", sorted(catalogue().subjects))
def test_every_subject_goes_to_the_department_the_catalogue_names(subject: str) -> None:
    created, made = domain.assign(None, registered(subject), catalogue()).events
    assert isinstance(created, AssignmentCreated)
    assert isinstance(made, AssignmentMade)
    expected = catalogue().department_of(subject)
    assert created.topic == f"departments.{expected}.inbox.v1"
    assert (made.department, made.rule, made.rules_version) == (expected, f"subject:{subject}", "catalogue/1")


def test_a_request_without_a_matching_rule_goes_to_screening() -> None:
    _, made = domain.assign(None, registered("NEW-01"), catalogue()).events
    assert isinstance(made, AssignmentMade)
    assert (made.department, made.rule) == ("tri", "fallback")


def test_a_request_is_assigned_once() -> None:
    assert domain.assign(assigned(), registered(), catalogue()).events == ()


def test_an_inbox_event_carries_the_whole_assignment_and_no_identity() -> None:
    created, _ = domain.assign(None, registered(), catalogue()).events
    assert "account" not in created.model_dump_json()
    assert created.sequence == 1


def test_an_accepted_file_is_published_with_the_next_number_and_its_seq() -> None:
    event = DocumentAccepted(
        **FACT, seq=3, document_id=UUID(int=9), name="a.pdf", media_type="application/pdf", size=1, sha256="0"
    )
    decision = domain.update_for_file(assigned(), received(event, topic=topics.LIFECYCLE))
    (updated,) = decision.events
    assert isinstance(updated, AssignmentUpdated)
    assert (updated.number, updated.as_of) == (2, 3)


def test_a_message_is_published_with_the_next_number_and_its_seq() -> None:
    file = UUID(int=9)
    (updated,) = domain.update_for_message(assigned(), written(4, documents=(file,))).events
    assert isinstance(updated, AssignmentUpdated)
    assert (updated.number, updated.as_of) == (2, 4)
    assert updated.messages == (Message(seq=4, at=MONDAY, text="Falta-me um papel.", documents=(file,)),)
    assert "account" not in updated.model_dump_json()


def test_a_withdrawal_is_published_with_the_whole_assignment() -> None:
    current = domain.update_for_message(assigned(), written(2)).state
    (event,) = domain.withdraw(current, withdrawn(3)).events
    assert isinstance(event, AssignmentWithdrawn)
    assert event.topic == "departments.pf.inbox.v1"
    assert (event.number, event.as_of, [each.seq for each in event.messages]) == (3, 3, [2])


def test_an_inbox_event_carries_the_latest_messages_and_fits_the_size_limit_with_the_longest_ones() -> None:
    longest, files = "\x01" * MAX_DESCRIPTION, tuple(UUID(int=number) for number in range(MAX_DOCUMENTS))
    current: Assignment | None = assigned().model_copy(update={"description": longest, "documents": files})
    for seq in range(2, 22):
        decision = domain.update_for_message(current, written(seq, longest, files))
        current = decision.state
    (updated,) = decision.events
    assert isinstance(updated, AssignmentUpdated)
    assert [message.seq for message in updated.messages] == list(range(22 - MAX_MESSAGES, 22))
    assert len(updated.model_dump_json().encode()) < MAX_EVENT


@given(st.lists(st.sampled_from([apply_message, apply_withdrawal]), max_size=12))
def test_inbox_events_of_a_request_are_numbered_without_a_gap(steps: list[Any]) -> None:
    current: Assignment | None = assigned()
    numbers = []
    for seq, step in enumerate(steps, 2):
        decision = step(current, seq)
        current = decision.state
        numbers += [event.sequence for event in decision.events]
    assert numbers == list(range(2, len(steps) + 2))


@pytest.mark.parametrize("step", [apply_message, apply_withdrawal])
def test_an_event_about_an_unassigned_request_publishes_nothing(step: Any) -> None:
    assert step(None, 2).events == ()


def test_a_command_is_forwarded_with_a_reference_to_its_record() -> None:
    (fact,) = domain.forward_command(assigned(), sent(acknowledge())).events
    assert isinstance(fact, AssignmentAcknowledged)
    assert fact.command == CommandRef(id="c-1", topic=topics.outbox("pf"), partition=3, offset=7)
    assert fact.occurred_at == MONDAY


@pytest.mark.parametrize("kind", [Answer, Resolve, Reject])
def test_the_text_of_a_command_is_forwarded(kind: type[Any]) -> None:
    command = kind(assignment_id=assigned().assignment_id, epoch=1, seen=1, text="Primeiro escalão.")
    (fact,) = domain.forward_command(assigned(), sent(command)).events
    assert fact.model_dump()["text"] == "Primeiro escalão."


@pytest.mark.parametrize(
    ("code", "command", "department"),
    [
        ("unknown-assignment", acknowledge(assignment_id=UUID(int=2)), "pf"),
        ("unknown-assignment", acknowledge(epoch=2), "pf"),
        ("wrong-department", acknowledge(), "dd"),
        ("not-seen-yet", acknowledge(seen=2), "pf"),
    ],
)
def test_a_rejection_goes_to_the_department_that_sent_the_command(code: str, command: Command, department: str) -> None:
    fact = rejection(domain.forward_command(assigned(), sent(command, department)))
    assert fact.code == code
    assert fact.topic == f"departments.{department}.rejections.v1"
    assert (fact.command_id, fact.command_offset) == ("c-1", 7)


def test_a_late_command_of_an_older_epoch_is_rejected() -> None:
    moved = assigned().model_copy(update={"epoch": 2})
    assert rejection(domain.forward_command(moved, sent(acknowledge()))).code == "old-epoch"


def test_a_command_about_an_unassigned_request_is_rejected() -> None:
    assert rejection(domain.forward_command(None, sent(acknowledge()))).code == "unknown-assignment"


def test_a_reused_command_id_is_rejected() -> None:
    assert rejection(handlers.refuse_reused_id(assigned(), sent(acknowledge(seen=5)))).code == "id-reused"


def test_too_many_commands_about_one_request_are_rejected_and_change_nothing() -> None:
    refusal = handlers.refuse_too_many(assigned(), sent(acknowledge()))
    assert rejection(refusal).code == "too-many-commands"
    assert refusal.state == assigned()


def test_intakes_refusal_of_a_command_is_relayed_to_its_department() -> None:
    reference = CommandRef(id="c-9", topic=topics.outbox("pf"), partition=1, offset=4)
    event = ActRefused(**FACT, seq=5, act_id="c-9", code="stale", catch_up_to=4, command=reference)
    (fact,) = domain.relay_rejection(assigned(), received(event, topic=topics.LIFECYCLE)).events
    assert isinstance(fact, CommandRejected)
    assert (fact.code, fact.catch_up_to, fact.command_id, fact.command_offset) == ("stale", 4, "c-9", 4)


def test_the_refusal_of_a_persons_act_is_not_relayed() -> None:
    event = ActRefused(**FACT, seq=5, act_id="a-1", code="not-allowed")
    assert domain.relay_rejection(assigned(), received(event, topic=topics.LIFECYCLE)).events == ()


def test_a_resolve_command_is_forwarded_as_its_own_event_type() -> None:
    command = Resolve(assignment_id=assigned().assignment_id, epoch=1, seen=1, text="Está pago.")
    (fact,) = domain.forward_command(assigned(), sent(command)).events
    assert isinstance(fact, AssignmentResolved)
