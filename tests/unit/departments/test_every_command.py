"""Every command ends visibly for its department, exactly once; and what its inbox says is the truth."""

from collections.abc import Callable, Mapping
from itertools import product
from typing import Any, Final
from uuid import UUID

import pytest
from hypothesis import given, strategies as st

from services.common.contracts import topics
from services.common.contracts.asked import ItemDelivery
from services.common.contracts.commands import (
    Acknowledge,
    Answer,
    Command,
    Extend,
    Hear,
    Reject,
    RequestInformation,
    Resolve,
    Transfer,
)
from services.common.contracts.departments import AssignmentClosed
from services.common.contracts.lifecycle import State
from services.intake.domain.transitions import Move, next_state
from services.routing.domain.rejections import DETAILS
from services.routing.domain.state import ENDED
from tests.unit.departments.exchange import Exchange

COMMANDS: Final = (Acknowledge, RequestInformation, Hear, Transfer, Extend, Answer, Resolve, Reject)
FILE: Final = UUID(int=7)


def by(kind: type[Command]) -> Callable[[Exchange], None]:
    return lambda exchange: exchange.command(kind, "before")


def reopened(exchange: Exchange) -> None:
    exchange.command(Resolve, "before")
    exchange.reopen()


def transferred_here(exchange: Exchange) -> None:
    exchange.command(Transfer, "before")
    exchange.command(Transfer, "back", topics.outbox("dd"), to="pf")


SITUATIONS: Final[Mapping[str, Callable[[Exchange], None]]] = {
    "registered": lambda _: None,
    "in analysis": by(Acknowledge),
    "awaiting documents": by(RequestInformation),
    "being heard": by(Hear),
    "extended": by(Extend),
    "answered": by(Answer),
    "concluded": by(Resolve),
    "rejected": by(Reject),
    "withdrawn": Exchange.withdraw,
    "reopened": reopened,
    "transferred here": transferred_here,
}
EPOCHS: Final = {"older": -1, "same": 0, "newer": 1}
SEEN: Final = ("the registration alone", "all but the last message", "everything", "more than there is")
FROM_ELSEWHERE: Final = [("dd", "same", "everything"), ("dd", "older", "the registration alone")]
"""Commands of another department."""


def endings(exchange: Exchange, command_id: str) -> tuple[bool, list[str]]:
    """Whether the command took effect, and the codes with which it was rejected."""
    applied = any(event.because == command_id for event in exchange.inbox)
    return applied, [each.code for each in exchange.rejections if each.command_id == command_id]


def seen_of(relation: str, exchange: Exchange, before: int) -> int:
    return {
        "the registration alone": 1,
        "all but the last message": before,
        "everything": exchange.latest.as_of,
        "more than there is": exchange.latest.as_of + 1,
    }[relation]


@pytest.mark.parametrize("kind", COMMANDS)
@pytest.mark.parametrize("situation", SITUATIONS)
def test_a_command_has_exactly_one_visible_ending(situation: str, kind: type[Command]) -> None:
    for sender, epoch, seen in [*product(["pf"], EPOCHS, SEEN), *FROM_ELSEWHERE]:
        exchange = Exchange()
        SITUATIONS[situation](exchange)
        before = exchange.latest.as_of
        exchange.write()
        changes = {"epoch": exchange.latest.epoch + EPOCHS[epoch], "seen": seen_of(seen, exchange, before)}
        if changes["epoch"] == 0:
            changes["epoch"] = 1
            exchange.assignment.state = exchange.assignment.state.model_copy(update={"epoch": 2})  # type: ignore[union-attr]
        exchange.command(kind, "c", topics.outbox(sender), **changes)
        applied, codes = endings(exchange, "c")
        assert applied + len(codes) == 1, (sender, epoch, seen, codes)
        assert set(codes) <= set(DETAILS)
        general = [each for each in exchange.rejections if each.code not in ("not-allowed", "bad-date")]
        assert all(each.detail == DETAILS[each.code] for each in general)
        assert not (applied and (sender == "dd" or epoch != "same"))


@pytest.mark.parametrize("kind", COMMANDS)
@pytest.mark.parametrize("situation", SITUATIONS)
def test_the_table_of_intake_decides_about_a_command_that_has_seen_everything(
    situation: str, kind: type[Command]
) -> None:
    exchange = Exchange()
    SITUATIONS[situation](exchange)
    before = exchange.latest
    exchange.command(kind, "c", **step_data(exchange, kind))
    applied, codes = endings(exchange, "c")
    move = Move(kind.TYPE.removeprefix("pt.postigo.assignment.").removesuffix(".v1"))
    after = None if before.state is None else next_state(before.state, move)
    assert applied == (not codes)
    if applied:
        assert exchange.latest.state is after
    elif after is None:
        assert codes == ["not-allowed"]
    else:
        assert codes[0] in {"no-change", "hearing-open", "extended-already"}


def test_an_intention_is_not_told_past_the_persons_own_words() -> None:
    exchange = Exchange()
    before = exchange.latest.as_of
    exchange.write()
    exchange.command(Hear, "late", seen=before)
    assert endings(exchange, "late") == (False, ["stale"])


@pytest.mark.parametrize("kind", [Answer, Resolve, Reject])
@pytest.mark.parametrize("situation", ["registered", "in analysis", "awaiting documents", "reopened"])
@pytest.mark.parametrize("messages", [1, 2, 5])
def test_nobody_is_decided_about_past_their_own_words(kind: type[Any], situation: str, messages: int) -> None:
    exchange = Exchange()
    SITUATIONS[situation](exchange)
    before = exchange.latest.as_of
    for _ in range(messages):
        exchange.write()
    for late in range(before, exchange.latest.as_of):
        exchange.command(kind, f"c-{late}", seen=late)
        assert endings(exchange, f"c-{late}") == (False, ["stale"])
        assert exchange.rejections[-1].catch_up_to == exchange.latest.as_of
    exchange.command(kind, "c")
    assert endings(exchange, "c") == (True, [])


@pytest.mark.parametrize("kind", [each for each in COMMANDS if each is not Acknowledge])
def test_no_command_takes_effect_while_the_person_is_heard(kind: type[Command]) -> None:
    exchange = Exchange()
    exchange.command(Hear, "before")
    exchange.command(kind, "c")
    assert endings(exchange, "c") == (False, ["hearing-open"])


@pytest.mark.parametrize(
    ("kind", "changes", "codes"),
    [
        (Transfer, {"to": "nobody"}, ["unknown-department"]),
        (Transfer, {"to": "pf"}, ["no-change"]),
        (Extend, {"until": "2026-01-05"}, ["bad-date"]),
        (Extend, {"until": "2036-01-05"}, ["bad-date"]),
        (Resolve, {"appeal": {"means": "Tribunal", "until": "2026-01-05"}}, ["bad-date"]),
        (Resolve, {"appeal": {"means": "Tribunal", "until": "9999-12-31"}}, ["bad-date"]),
    ],
)
def test_a_command_that_cannot_be_meant_is_rejected(kind: type[Command], changes: Any, codes: list[str]) -> None:
    exchange = Exchange()
    exchange.command(kind, "c", **changes)
    assert endings(exchange, "c") == (False, codes)


@pytest.mark.parametrize(
    ("kind", "changes", "pointer", "detail"),
    [
        (Extend, {"until": "2026-01-19"}, "/until", "a day after 2026-01-19, and not after 2027-01-20"),
        (
            Resolve,
            {"appeal": {"means": "Tribunal", "until": "2026-01-05"}},
            "/appeal/until",
            "a day after 2026-01-05, and not after 2027-01-06",
        ),
    ],
)
def test_a_bad_date_is_rejected_with_its_field_and_the_days_that_it_may_be(
    kind: type[Command], changes: Any, pointer: str, detail: str
) -> None:
    exchange = Exchange()
    exchange.command(kind, "c", **changes)
    (rejected,) = exchange.rejections
    assert (rejected.code, rejected.pointer) == ("bad-date", pointer)
    assert rejected.detail == f"`{pointer}` must be {detail}."


def test_a_state_that_does_not_allow_a_command_is_named() -> None:
    exchange = Exchange()
    exchange.held = {topics.LIFECYCLE}
    exchange.withdraw()
    exchange.command(Resolve, "c")
    exchange.release()
    (rejected,) = exchange.rejections
    assert rejected.code == "not-allowed"
    assert (
        rejected.detail == "The request is `withdrawn`, and does not allow this command. Read the latest inbox event."
    )


def test_a_term_is_extended_once() -> None:
    exchange = Exchange()
    exchange.command(Extend, "first")
    exchange.command(Extend, "second")
    assert (endings(exchange, "first"), endings(exchange, "second")) == ((True, []), (False, ["extended-already"]))


def test_a_term_that_has_ended_is_not_extended() -> None:
    exchange = Exchange()
    while not exchange.latest.overdue:
        exchange.pass_time()
    exchange.command(Extend, "c")
    assert endings(exchange, "c") == (False, ["too-late"])


def test_only_fifty_documents_are_asked() -> None:
    exchange = Exchange()
    items = exchange.data(RequestInformation)["items"] * 5
    for number in range(6):
        exchange.command(RequestInformation, f"c-{number}", items=items)
        while exchange.latest.state is State.AWAITING_DOCUMENTS:
            exchange.pass_time()
    assert [code for number in range(6) for code in endings(exchange, f"c-{number}")[1]] == ["too-many-items"]


def deliver(exchange: Exchange) -> None:
    exchange.write(FILE, items=[ItemDelivery(item=1, documents=(FILE,))])


PLAIN_STEPS: Final[Mapping[str, Callable[[Exchange], Any]]] = {
    "write": Exchange.write,
    "deliver": deliver,
    "accept": lambda exchange: exchange.accept(FILE),
    "refuse": lambda exchange: exchange.refuse(FILE),
    "withdraw": Exchange.withdraw,
    "reopen": Exchange.reopen,
    "rate": Exchange.rate,
    "time": Exchange.pass_time,
}
STEPS: Final = st.lists(
    st.one_of(
        st.sampled_from([("write", None, 0), *((name, None, 0) for name in PLAIN_STEPS if name != "withdraw")]),
        st.just(("withdraw", None, 0)),
        st.tuples(st.just("command"), st.sampled_from(COMMANDS), st.integers(0, 2)),
        st.tuples(st.just("command"), st.sampled_from(COMMANDS[:-1]), st.just(0)),
    ),
    max_size=14,
)


def holder(exchange: Exchange) -> str:
    return topics.outbox(exchange.latest.department)


def step_data(exchange: Exchange, kind: type[Command]) -> dict[str, Any]:
    """Transfers go there and back."""
    return {"to": "pf" if exchange.latest.department == "dd" else "dd"} if kind is Transfer else {}


@given(STEPS)
def test_a_department_that_keeps_the_latest_event_has_the_truth(steps: list[tuple[str, Any, int]]) -> None:
    exchange = Exchange()
    for number, (step, kind, behind) in enumerate(steps):
        if step == "command":
            seen = max(1, exchange.latest.as_of - behind)
            exchange.command(kind, f"c-{number}", holder(exchange), seen=seen, **step_data(exchange, kind))
            applied, codes = endings(exchange, f"c-{number}")
            assert applied + len(codes) == 1
        else:
            PLAIN_STEPS[step](exchange)
        assert_latest_is_the_truth(exchange)
    assert [event.number for event in exchange.inbox] == list(range(1, len(exchange.inbox) + 1))


def assert_latest_is_the_truth(exchange: Exchange) -> None:
    """Nothing is told about a closed assignment, but routing keeps it true: it may be reopened."""
    request, latest, kept = exchange.request.state, exchange.latest, exchange.assignment.state
    assert request is not None
    assert kept is not None
    assert (latest.department, latest.state) == (request.department, request.state)
    for code, inbox in exchange.inboxes.items():
        ended = code != request.department or request.state in ENDED
        assert isinstance(inbox[-1], AssignmentClosed) == ended
    known = kept if request.state in ENDED else latest
    assert known.as_of >= request.person_seq
    assert (known.epoch, known.hops) == (request.epoch, request.hops)
    assert (known.overdue, known.asked) == (request.missed, request.asked)
    assert (known.due_on, known.deadline) == (request.due_on, request.deadline)
    assert (known.deliver_until, known.hearing_until) == (request.deliver_until, request.hearing_until)
    assert known.reply_until == (request.reply_until if request.state in (State.ANSWERED, State.CONCLUDED) else None)


@given(STEPS)
def test_repeating_a_command_changes_nothing(steps: list[tuple[str, Any, int]]) -> None:
    exchange = Exchange()
    for number, (step, kind, _) in enumerate(steps):
        if step == "command":
            own = {"assignment_id": exchange.latest.assignment_id, "seen": exchange.latest.as_of}
            own |= {"epoch": exchange.latest.epoch} | exchange.data(kind) | step_data(exchange, kind)
            topic = holder(exchange)
            exchange.command(kind, f"c-{number}", topic, **own)
            before = len(exchange.inbox), len(exchange.rejections), len(exchange.alarms)
            exchange.command(kind, f"c-{number}", topic, **own)
            assert (len(exchange.inbox), len(exchange.rejections), len(exchange.alarms)) == before
        else:
            PLAIN_STEPS[step](exchange)


@given(STEPS, st.integers(0, 13))
def test_a_command_on_its_way_while_the_case_changes_ends_once(steps: list[tuple[str, Any, int]], late: int) -> None:
    """Routing forwards by what it knows; what intake decided meanwhile makes the command out of date, or does not."""
    exchange = Exchange()
    for number, (step, kind, _) in enumerate(steps):
        if number == late:
            exchange.held = {topics.LIFECYCLE}
        if step == "command":
            exchange.command(kind, f"c-{number}", holder(exchange), **step_data(exchange, kind))
        else:
            PLAIN_STEPS[step](exchange)
    exchange.release()
    for number, (step, _, _) in enumerate(steps):
        if step == "command":
            applied, codes = endings(exchange, f"c-{number}")
            assert applied + len(codes) == 1, (number, applied, codes)
    assert_latest_is_the_truth(exchange)
