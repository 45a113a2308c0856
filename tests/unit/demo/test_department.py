"""The commands of the reference department match the contract for departments."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import ConsumerRecord

from deploy.demo import department
from services.common.contracts import topics
from services.common.contracts.base import Event, events_of
from services.common.contracts.commands import Acknowledge, Resolve
from services.common.contracts.departments import (
    Assignment,
    AssignmentClosed,
    AssignmentCreated,
    AssignmentUpdated,
    AssignmentWithdrawn,
    TransferredOften,
)
from services.common.contracts.lifecycle import State

REQUEST = uuid4()
TRACE = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def assignment(model: type[Assignment] = AssignmentCreated, because: str = "another event") -> Any:
    return model(
        because=because,
        request_id=REQUEST,
        reference="PO-7K3QX-9M2TA-B",
        occurred_at=datetime(2026, 5, 18, 9, 30, tzinfo=UTC),
        assignment_id=uuid4(),
        department="pf",
        epoch=1,
        number=3,
        as_of=7,
        subject="FAM-01",
        reason="NPG",
        description="Não recebi o abono de maio.",
        documents=(),
        entered_on=date(2026, 5, 18),
        due_on=date(2026, 6, 1),
    )


def record(event: Any, kind: str | None = None, **changed: bytes) -> ConsumerRecord:
    headers = {
        "ce_id": str(uuid4()).encode(),
        "ce_type": (kind or event.TYPE).encode(),
        "ce_subject": event.reference.encode(),
        "traceparent": TRACE,
    }
    if event.sequence is not None:
        headers["ce_sequence"] = b"%010d" % event.sequence
    value, key = event.model_dump_json().encode(), event.key.encode()
    return ConsumerRecord(
        topic=event.topic,
        partition=0,
        offset=0,
        timestamp=0,
        timestamp_type=1,
        key=key,
        value=value,
        checksum=None,
        serialized_key_size=len(key),
        serialized_value_size=len(value),
        headers=tuple((headers | changed).items()),
    )


def replies(code: str, inbox_record: ConsumerRecord) -> tuple[int, list[dict[str, Any]]]:
    """The replies to an event that needs no look-up: the coroutine ends without waiting."""
    with pytest.raises(StopIteration) as ended:
        department.replies(code, inbox_record).send(None)
    result: tuple[int, list[dict[str, Any]]] = ended.value.value
    return result


def read(command: dict[str, Any]) -> tuple[Event, dict[str, bytes]]:
    headers = dict(command["headers"])
    model = events_of(topics.outbox("pf"))[headers["ce_type"].decode()]
    return model.model_validate_json(command["value"]), headers


def test_an_assignment_is_acknowledged_and_then_resolved() -> None:
    event = assignment()
    number, command = replies("pf", record(event))
    acknowledge, resolve = (read(each)[0] for each in command)
    assert number == event.number
    assert acknowledge == Acknowledge(assignment_id=event.assignment_id, epoch=1, seen=7)
    assert isinstance(resolve, Resolve)
    assert (resolve.assignment_id, resolve.epoch, resolve.seen) == (event.assignment_id, 1, 7)
    assert "FAM-01" in resolve.text


def test_a_command_carries_the_attributes_of_the_contract() -> None:
    for command in replies("pf", record(assignment()))[1]:
        _, headers = read(command)
        assert headers["ce_specversion"] == b"1.0"
        assert headers["ce_source"] == b"departments/pf"
        assert headers["ce_subject"] == b"PO-7K3QX-9M2TA-B"
        assert headers["content-type"] == b"application/json"
        assert headers["traceparent"] == TRACE
        assert datetime.fromisoformat(headers["ce_time"].decode()).tzinfo is not None
        assert headers["ce_id"].startswith(b"pf/")


def test_a_repetition_has_the_same_command_ids() -> None:
    again = record(assignment())
    first, second = ([read(command) for command in replies("pf", again)[1]] for _ in range(2))
    assert [(event, headers["ce_id"]) for event, headers in first] == [
        (event, headers["ce_id"]) for event, headers in second
    ]
    assert first[0][1]["ce_id"] != first[1][1]["ce_id"]


@pytest.mark.parametrize("model", [AssignmentWithdrawn, AssignmentClosed])
def test_a_closed_assignment_gets_no_answer(model: type[Assignment]) -> None:
    assert replies("pf", record(assignment(model))) == (3, [])


@pytest.mark.parametrize("name", ["acknowledge", "resolve"])
def test_the_effect_of_an_own_command_gets_no_answer(name: str) -> None:
    (own,) = [
        each for each in replies("pf", record(assignment()))[1] if name.encode() in dict(each["headers"])["ce_type"]
    ]
    because = read(own)[1]["ce_id"].decode()
    assert replies("pf", record(assignment(AssignmentUpdated, because))) == (3, [])


@pytest.mark.parametrize(
    "waiting",
    [
        {"state": State.AWAITING_DOCUMENTS},
        {"state": State.ANSWERED},
        {"state": State.IN_ANALYSIS, "hearing_until": date(2026, 6, 1)},
        {"state": State.UNKNOWN},
    ],
)
def test_a_case_that_waits_for_the_person_gets_no_answer(waiting: dict[str, Any]) -> None:
    event = assignment(AssignmentUpdated).model_copy(update=waiting)
    assert replies("pf", record(event)) == (3, [])


@pytest.mark.parametrize("because", ["dd/1/resolve", "pfx/1/resolve", "5e1c0f1a", ""])
def test_a_change_by_anybody_else_is_resolved_again(because: str) -> None:
    _, (resolve,) = replies("pf", record(assignment(AssignmentUpdated, because)))
    assert isinstance(read(resolve)[0], Resolve)


def test_an_update_is_answered_with_a_new_id_and_the_new_seen_number() -> None:
    first = assignment()
    news = assignment(AssignmentUpdated).model_copy(update={"number": 4, "as_of": 9})
    stale, again = (read(replies("pf", record(event))[1][-1]) for event in (first, news))
    assert (stale[0].seen, again[0].seen) == (7, 9)  # type: ignore[attr-defined]
    assert stale[1]["ce_id"] != again[1]["ce_id"]


def test_an_alarm_is_about_no_case_and_gets_no_answer() -> None:
    alarm = TransferredOften(
        request_id=REQUEST,
        reference="PO-7K3QX-9M2TA-B",
        occurred_at=datetime(2026, 5, 18, 9, 30, tzinfo=UTC),
        department="tri",
        hops=2,
        held_by="pf",
        subject="FAM-01",
        reason="ATR",
    )
    assert replies("tri", record(alarm)) == (0, [])


@pytest.mark.parametrize("kind", ["reminder", "something-of-tomorrow"])
def test_other_inbox_events_get_no_answer_but_count_as_read(kind: str) -> None:
    number, command = replies("pf", record(assignment(), f"pt.postigo.assignment.{kind}.v1"))
    assert (number, command) == (3, [])
