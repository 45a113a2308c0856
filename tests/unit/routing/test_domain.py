"""Assignments, inbox events, and the commands and rejections of departments."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, strategies as st

from services.common.catalogue import catalogue
from services.common.contracts import topics
from services.common.contracts.base import MAX_DESCRIPTION, MAX_DOCUMENTS
from services.common.contracts.intake import LinkedRequest
from services.common.contracts.lifecycle import State
from services.common.contracts.limits import MAX_EVENT, MAX_FILE_NAME
from services.common.domain.decision import Decision
from services.common.domain.identifiers import reference_of
from services.routing import domain, handlers
from services.routing.domain import Assignment
from services.routing.domain.rejections import DETAILS
from services.routing.messages import (
    MAX_FILES,
    MAX_MESSAGES,
    Acknowledge,
    ActRefused,
    Answer,
    AssignmentAcknowledged,
    AssignmentClosed,
    AssignmentCreated,
    AssignmentMade,
    AssignmentResolved,
    AssignmentUpdated,
    AssignmentWithdrawn,
    Command,
    CommandRef,
    CommandRejected,
    DocumentAccepted,
    DocumentRefused,
    File,
    LifecycleFact,
    Message,
    MessageAdded,
    Reject,
    RequestAnswered,
    RequestConcluded,
    RequestForwarded,
    RequestInAnalysis,
    RequestRegistered,
    RequestRejected,
    RequestWithdrawn,
    Resolve,
    TransferredOften,
)
from tests.support.received import MONDAY, REQUEST, received

FACT: dict[str, Any] = {
    "request_id": REQUEST,
    "reference": reference_of(REQUEST),
    "account_id": UUID(int=1),
    "state": State.REGISTERED,
    "occurred_at": MONDAY,
}


def registered(subject: str = "FAM-01", language: str = "pt", documents: tuple[UUID, ...] = ()) -> Any:
    event = RequestRegistered(
        **FACT,
        seq=1,
        who="P",
        subject=subject,
        reason="INF",
        catalogue_version=1,
        language=language,
        description="Qual é o escalão?",
        documents=documents,
        entered_on=date(2026, 1, 5),
        due_on=date(2026, 1, 19),
        calendar="PT/1",
    )
    return received(event, topic=topics.LIFECYCLE)


def assigned(documents: tuple[UUID, ...] = ()) -> Assignment:
    state = domain.assign(None, registered(documents=documents), catalogue()).state
    assert state is not None
    return state


def sent(command: Command, department: str = "pf", id: str = "c-1") -> Any:
    return received(command, topic=topics.outbox(department), id=id, offset=7)


def acknowledge(**other: Any) -> Acknowledge:
    fields: dict[str, Any] = {"assignment_id": assigned().assignment_id, "epoch": 1, "seen": 1} | other
    return Acknowledge(**fields)


def written(seq: int, text: str | None = "Falta-me um papel.", documents: tuple[UUID, ...] = ()) -> Any:
    event = MessageAdded(**FACT, seq=seq, act_id=f"a-{seq}", text=text, documents=documents)
    return received(event, topic=topics.LIFECYCLE)


def withdrawn(seq: int) -> Any:
    event = RequestWithdrawn(**FACT | {"state": State.WITHDRAWN}, seq=seq, act_id=f"a-{seq}")
    return received(event, topic=topics.LIFECYCLE)


def apply_message(current: Assignment | None, seq: int) -> Decision[Assignment]:
    return domain.update_for_message(current, written(seq))


def apply_file(current: Assignment | None, seq: int) -> Decision[Assignment]:
    return domain.update_for_file(current, accepted(seq))


def apply_state(current: Assignment | None, seq: int) -> Decision[Assignment]:
    return domain.update(current, moved(RequestInAnalysis, State.IN_ANALYSIS, seq, department="pf"))


def apply_withdrawal(current: Assignment | None, seq: int) -> Decision[Assignment]:
    return domain.update(current, withdrawn(seq))


STEPS = [apply_message, apply_file, apply_state, apply_withdrawal]


FILE = UUID(int=9)


def moved(kind: type[LifecycleFact], state: State, seq: int = 3, id: str | None = None, **facts: Any) -> Any:
    return received(kind(**FACT | {"state": state}, seq=seq, **facts), topic=topics.LIFECYCLE, id=id)


def accepted(seq: int, document: UUID = FILE, name: str = "a.pdf") -> Any:
    about = {"name": name, "media_type": "application/pdf", "size": 1, "sha256": "0"}
    return received(DocumentAccepted(**FACT, seq=seq, document_id=document, **about), topic=topics.LIFECYCLE)


def forwarded(current: Assignment | None, record: Any) -> Decision[Assignment]:
    return domain.forward_command(current, record, catalogue())


def inbox(decision: Decision[Assignment]) -> Any:
    (event,) = decision.events
    return event


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


@pytest.mark.parametrize(
    ("reason", "linked", "department"),
    [
        ("EST", "cnp", "cnp"),
        ("ATR", "cnp", "cnp"),
        ("INF", "cnp", "pf"),
        ("EST", None, "pf"),
        ("EST", "gone", "pf"),
    ],
)
def test_a_question_about_an_ongoing_request_goes_to_the_department_that_has_it(
    reason: str, linked: str | None, department: str
) -> None:
    filed = registered()
    about = {"reason": reason, "linked": LinkedRequest(reference="PO-7K3QX-9M2TA-B", department=linked)}
    created, made = domain.assign(None, filed._replace(event=filed.event.model_copy(update=about)), catalogue()).events
    assert isinstance(made, AssignmentMade)
    assert created.topic == f"departments.{department}.inbox.v1"
    assert (made.department, made.rule == "linked-request") == (department, department == "cnp")


@pytest.mark.parametrize(
    ("restricted", "of", "is_told"),
    [(True, "fis", False), (True, None, False), (True, "pf", True), (False, "fis", True)],
)
def test_only_the_department_of_a_report_learns_that_a_request_is_linked_to_it(
    restricted: bool, of: str | None, is_told: bool
) -> None:
    filed, linked = registered(), LinkedRequest(reference="PO-7K3QX-9M2TA-B", department=of)
    about = {"linked": linked, "restricted_to": UUID(int=1) if restricted else None}
    created, _ = domain.assign(None, filed._replace(event=filed.event.model_copy(update=about)), catalogue()).events
    assert isinstance(created, AssignmentCreated)
    assert (created.linked is not None, created.restricted) == (is_told, restricted)


def test_screening_is_told_whether_a_request_that_nobody_keeps_is_restricted() -> None:
    for restricted in (True, False):
        current = assigned().model_copy(update={"restricted": restricted})
        about: dict[str, Any] = {"department": "dd", "from_department": "pf", "text": "Não é daqui.", "hops": 2}
        *_, alarm = domain.transfer(current, moved(RequestForwarded, State.REGISTERED, **about)).events
        assert isinstance(alarm, TransferredOften)
        assert alarm.restricted is restricted


def test_a_request_is_assigned_once() -> None:
    assert domain.assign(assigned(), registered(), catalogue()).events == ()


def test_an_inbox_event_carries_the_whole_assignment_and_no_identity() -> None:
    created, _ = domain.assign(None, registered(), catalogue()).events
    assert "account" not in created.model_dump_json()
    assert created.sequence == 1


@pytest.mark.parametrize("language", ["pt", "en"])
def test_a_department_is_told_the_language_and_state_of_a_new_request_and_why_it_gets_it(language: str) -> None:
    record = registered(language=language)
    created, _ = domain.assign(None, record, catalogue()).events
    assert isinstance(created, AssignmentCreated)
    assert (created.language, created.state, created.because) == (language, State.REGISTERED, record.id)


def test_an_accepted_file_is_published_with_the_next_number_and_its_seq() -> None:
    updated = inbox(domain.update_for_file(assigned(), accepted(3)))
    assert isinstance(updated, AssignmentUpdated)
    assert (updated.number, updated.as_of) == (2, 3)


@pytest.mark.parametrize("because", ["not-claimed", "expired", "infected", "too-many-pages"])
def test_files_are_published_with_the_state_of_their_check(because: str) -> None:
    first, second, third = (UUID(int=number) for number in (1, 2, 3))
    current = domain.update_for_file(assigned((first, second)), accepted(2, first, "recibo.pdf")).state
    current = domain.update_for_message(current, written(3, documents=(third,))).state
    refusal = moved(DocumentRefused, State.REGISTERED, 4, document_id=second, because=because)
    updated = inbox(domain.update_for_file(current, refusal))
    assert updated.documents == (first, second)
    assert [(file.id, file.check, file.name, file.refusal) for file in updated.files] == [
        (first, "accepted", "recibo.pdf", None),
        (second, "refused", None, because),
        (third, "checking", None, None),
    ]


def test_a_file_that_was_checked_before_its_message_keeps_its_check() -> None:
    file = UUID(int=9)
    current = domain.update_for_file(assigned(), accepted(3, file)).state
    updated = inbox(domain.update_for_message(current, written(2, documents=(file,))))
    assert [(each.id, each.check) for each in updated.files] == [(file, "accepted")]


@pytest.mark.parametrize(
    ("kind", "state", "facts"),
    [
        (RequestInAnalysis, State.IN_ANALYSIS, {"department": "pf"}),
        (RequestAnswered, State.ANSWERED, {"department": "pf", "text": "Está pago."}),
    ],
)
def test_a_new_state_is_published_with_the_command_that_caused_it(
    kind: type[LifecycleFact], state: State, facts: dict[str, Any]
) -> None:
    updated = inbox(domain.update(assigned(), moved(kind, state, command_id="pf/1/answer", **facts)))
    assert isinstance(updated, AssignmentUpdated)
    assert (updated.state, updated.because, updated.number, updated.as_of) == (state, "pf/1/answer", 2, 3)


@pytest.mark.parametrize(
    ("kind", "state", "facts"),
    [
        (RequestConcluded, State.CONCLUDED, {"command_id": "pf/1/resolve"}),
        (RequestConcluded, State.CONCLUDED, {}),
        (RequestRejected, State.REJECTED, {"department": "pf", "text": "Não se percebe.", "command_id": "pf/1/reject"}),
    ],
)
def test_the_end_of_a_request_closes_its_assignment(
    kind: type[LifecycleFact], state: State, facts: dict[str, Any]
) -> None:
    decision = domain.update(assigned(), moved(kind, state, id="f-1", **facts))
    closed = inbox(decision)
    assert isinstance(closed, AssignmentClosed)
    assert (closed.state, closed.because) == (state, facts.get("command_id", "f-1"))


@pytest.mark.parametrize("state", [State.CONCLUDED, State.WITHDRAWN, State.REJECTED])
def test_nothing_is_published_about_a_closed_assignment_but_it_stays_true(state: State) -> None:
    closed = domain.update(assigned((FILE,)), moved(RequestConcluded, state, 2)).state
    about: dict[str, Any] = {"name": "a.pdf", "media_type": "application/pdf", "size": 1, "sha256": "0"}
    decision = domain.update_for_file(closed, moved(DocumentAccepted, state, 3, document_id=FILE, **about))
    assert decision.events == ()
    assert decision.state is not None
    assert (decision.state.closed, decision.state.files[0].check) == (True, "accepted")
    assert domain.update_for_message(closed, moved(MessageAdded, state, 3, act_id="a-1", text="Olá")).events == ()


def stored_by_an_older_version() -> Assignment:
    """An assignment without the fields of this version."""
    newer = ("state", "language", "files", "earlier_messages", "closed")
    return Assignment.model_validate({name: value for name, value in assigned() if name not in newer})


def refused(state: State, command: CommandRef | None = None) -> Any:
    return moved(ActRefused, state, 5, act_id="c-9", code="not-allowed", command=command)


@pytest.mark.parametrize("state", [State.CONCLUDED, State.WITHDRAWN, State.REJECTED])
@pytest.mark.parametrize("fact", ["file", "persons-act", "command"])
def test_a_department_that_an_older_version_did_not_tell_of_the_end_is_told_with_the_next_fact(
    state: State, fact: str
) -> None:
    older, command = (
        stored_by_an_older_version(),
        CommandRef(id="c-9", topic=topics.outbox("pf"), partition=1, offset=4),
    )
    decision = {
        "file": lambda: domain.update_for_file(
            older, moved(DocumentRefused, state, 5, document_id=FILE, because="expired")
        ),
        "persons-act": lambda: domain.relay_rejection(older, refused(state)),
        "command": lambda: domain.relay_rejection(older, refused(state, command)),
    }[fact]()
    *rejections, closed = decision.events
    assert isinstance(closed, AssignmentClosed)
    assert (closed.state, closed.number, closed.as_of) == (state, 2, 5)
    assert [type(each) for each in rejections] == [CommandRejected] * (fact == "command")
    again = domain.relay_rejection(decision.state, refused(state, command))
    assert [type(each) for each in again.events] == [CommandRejected]


def test_a_redriven_fact_that_is_older_than_the_state_does_not_bring_an_old_state_back() -> None:
    answered = moved(RequestAnswered, State.ANSWERED, 5, department="pf", text="Está pago.")
    current = domain.update(assigned(), answered).state
    updated = inbox(domain.update_for_message(current, written(3)))
    assert (updated.state, updated.as_of, [message.seq for message in updated.messages]) == (State.ANSWERED, 5, [3])


def test_a_message_is_published_with_the_next_number_and_its_seq() -> None:
    file = UUID(int=9)
    (updated,) = domain.update_for_message(assigned(), written(4, documents=(file,))).events
    assert isinstance(updated, AssignmentUpdated)
    assert (updated.number, updated.as_of) == (2, 4)
    assert updated.messages == (Message(seq=4, at=MONDAY, text="Falta-me um papel.", documents=(file,)),)
    assert "account" not in updated.model_dump_json()


def test_a_withdrawal_is_published_with_the_whole_assignment_and_closes_it() -> None:
    current = domain.update_for_message(assigned(), written(2)).state
    withdrawal, closed = domain.update(current, withdrawn(3)).events
    assert isinstance(withdrawal, AssignmentWithdrawn)
    assert isinstance(closed, AssignmentClosed)
    assert {withdrawal.topic, closed.topic} == {"departments.pf.inbox.v1"}
    assert [(event.number, event.as_of, event.state) for event in (withdrawal, closed)] == [
        (3, 3, State.WITHDRAWN),
        (4, 3, State.WITHDRAWN),
    ]
    assert [each.seq for each in closed.messages] == [2]


def after_many_messages(character: str, name: str) -> Any:
    """The inbox event of a request with twenty of the longest messages and ten files with each of them."""
    longest = character * MAX_DESCRIPTION
    current: Assignment | None = assigned().model_copy(update={"description": longest})
    for seq in range(2, 22):
        files = tuple(UUID(int=seq * MAX_DOCUMENTS + number) for number in range(MAX_DOCUMENTS))
        for file in files:
            current = domain.update_for_file(current, accepted(seq, file, name * MAX_FILE_NAME)).state
        decision = domain.update_for_message(current, written(seq, longest, files))
        current = decision.state
    return inbox(decision)


@pytest.mark.parametrize("character", ["a", "ã", "語", "\U0001f600"])
def test_an_inbox_event_carries_the_latest_messages_and_files_and_fits_the_size_limit(character: str) -> None:
    updated = after_many_messages(character, character)
    assert [message.seq for message in updated.messages] == list(range(22 - MAX_MESSAGES, 22))
    assert updated.earlier_messages == 20 - MAX_MESSAGES
    assert len(updated.files) == MAX_FILES
    assert {file.id for file in updated.files} >= {file for each in updated.messages for file in each.documents}
    assert len(updated.model_dump_json().encode()) < MAX_EVENT


@pytest.mark.parametrize("character", ['"', "\\"])
def test_messages_that_take_more_space_in_json_are_left_out_and_counted(character: str) -> None:
    updated = after_many_messages(character, character)
    assert updated.messages[-1].seq == 21
    assert len(updated.messages) + updated.earlier_messages == 20
    assert len(updated.model_dump_json().encode()) <= MAX_EVENT


def test_files_are_dropped_only_beyond_the_limit_the_oldest_first() -> None:
    ids = tuple(UUID(int=number) for number in range(MAX_FILES + 5))
    current: Assignment | None = assigned()
    for seq, file in enumerate(ids, 2):
        current = domain.update_for_file(current, accepted(seq, file)).state
    assert current is not None
    assert tuple(file.id for file in current.files) == ids[5:]
    assert isinstance(current.files[0], File)


@given(st.lists(st.sampled_from(STEPS), max_size=12))
def test_inbox_events_of_a_request_are_numbered_without_a_gap(steps: list[Any]) -> None:
    current: Assignment | None = assigned()
    numbers = []
    for seq, step in enumerate(steps, 2):
        decision = step(current, seq)
        current = decision.state
        numbers += [event.sequence for event in decision.events]
    assert numbers == list(range(2, len(numbers) + 2))
    assert bool(numbers) == bool(steps)


@pytest.mark.parametrize("step", STEPS)
def test_an_event_about_an_unassigned_request_publishes_nothing(step: Any) -> None:
    assert step(None, 2).events == ()


def test_a_command_is_forwarded_with_a_reference_to_its_record() -> None:
    (fact,) = forwarded(assigned(), sent(acknowledge())).events
    assert isinstance(fact, AssignmentAcknowledged)
    assert fact.command == CommandRef(id="c-1", topic=topics.outbox("pf"), partition=3, offset=7)
    assert fact.occurred_at == MONDAY


@pytest.mark.parametrize("kind", [Answer, Resolve, Reject])
def test_the_text_of_a_command_is_forwarded(kind: type[Any]) -> None:
    command = kind(assignment_id=assigned().assignment_id, epoch=1, seen=1, text="Primeiro escalão.")
    (fact,) = forwarded(assigned(), sent(command)).events
    assert fact.model_dump()["text"] == "Primeiro escalão."


@pytest.mark.parametrize(
    ("code", "pointer", "command", "department"),
    [
        ("unknown-assignment", "/assignment_id", acknowledge(assignment_id=UUID(int=2)), "pf"),
        ("unknown-assignment", "/epoch", acknowledge(epoch=2), "pf"),
        ("wrong-department", None, acknowledge(), "dd"),
        ("not-seen-yet", "/seen", acknowledge(seen=2), "pf"),
    ],
)
def test_a_rejection_goes_to_the_department_that_sent_the_command(
    code: str, pointer: str | None, command: Command, department: str
) -> None:
    fact = rejection(forwarded(assigned(), sent(command, department)))
    assert (fact.code, fact.pointer, fact.detail) == (code, pointer, DETAILS[code])
    assert fact.topic == f"departments.{department}.rejections.v1"
    assert (fact.command_id, fact.command_offset) == ("c-1", 7)


def test_a_late_command_of_an_older_epoch_is_rejected() -> None:
    moved = assigned().model_copy(update={"epoch": 2})
    assert rejection(forwarded(moved, sent(acknowledge()))).code == "old-epoch"


def test_a_command_about_an_unassigned_request_is_rejected() -> None:
    rejected = rejection(forwarded(None, sent(acknowledge())))
    assert (rejected.code, rejected.request_id, rejected.reference) == ("unknown-assignment", REQUEST, None)


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
    (fact,) = forwarded(assigned(), sent(command)).events
    assert isinstance(fact, AssignmentResolved)
