"""Every command ends visibly for its department, exactly once; and what its inbox says is the truth."""

from collections.abc import Callable, Mapping
from itertools import product
from typing import Any, Final

import pytest
from hypothesis import given, strategies as st

from services.common.contracts import topics
from services.common.contracts.commands import Acknowledge, Answer, Reject, Resolve
from services.common.contracts.departments import AssignmentClosed
from services.common.contracts.lifecycle import State
from services.intake.domain.transitions import CLOSED
from services.routing.domain.rejections import DETAILS
from tests.unit.departments.exchange import Exchange

COMMANDS: Final = (Acknowledge, Answer, Resolve, Reject)

TO_STATE: Final[Mapping[State, Callable[[Exchange], None]]] = {
    State.REGISTERED: lambda _: None,
    State.IN_ANALYSIS: lambda exchange: exchange.command(Acknowledge, "before"),
    State.ANSWERED: lambda exchange: exchange.command(Answer, "before"),
    State.CONCLUDED: lambda exchange: exchange.command(Resolve, "before"),
    State.REJECTED: lambda exchange: exchange.command(Reject, "before"),
    State.WITHDRAWN: Exchange.withdraw,
}
EPOCHS: Final = {"older": 0, "same": 1, "newer": 2}
SEEN: Final = ("nothing", "all but the last message", "everything", "more than there is")
SENDERS: Final = {"its department": "pf", "another department": "dd"}


def endings(exchange: Exchange, command_id: str) -> tuple[bool, list[str]]:
    """Whether the command took effect, and the codes with which it was rejected."""
    applied = any(event.because == command_id for event in exchange.inbox)
    return applied, [each.code for each in exchange.rejections if each.command_id == command_id]


def seen_of(relation: str, exchange: Exchange, before: int) -> int:
    return {
        "nothing": 0,
        "all but the last message": before,
        "everything": exchange.latest.as_of,
        "more than there is": exchange.latest.as_of + 1,
    }[relation]


@pytest.mark.parametrize(
    ("state", "kind", "epoch", "seen", "writes", "sender"),
    list(product(TO_STATE, COMMANDS, EPOCHS, SEEN, [False, True], SENDERS)),
)
def test_a_command_has_exactly_one_visible_ending(
    state: State, kind: type[Any], epoch: str, seen: str, writes: bool, sender: str
) -> None:
    exchange = Exchange()
    TO_STATE[state](exchange)
    before = exchange.latest.as_of
    if writes:
        exchange.write()
    topic = topics.outbox(SENDERS[sender])
    changes = {"epoch": EPOCHS[epoch], "seen": seen_of(seen, exchange, before)}
    if epoch == "older":
        changes["epoch"] = 1
        exchange.assignment.state = exchange.assignment.state.model_copy(update={"epoch": 2})  # type: ignore[union-attr]
    exchange.command(kind, "c", topic, **changes)
    applied, codes = endings(exchange, "c")
    assert applied + len(codes) == 1
    assert set(codes) <= set(DETAILS)
    assert all(each.detail == DETAILS[each.code] for each in exchange.rejections)
    if sender == "another department":
        assert not applied


@pytest.mark.parametrize("kind", [Answer, Resolve, Reject])
@pytest.mark.parametrize("state", [State.REGISTERED, State.IN_ANALYSIS])
@pytest.mark.parametrize("messages", [1, 2, 5])
def test_nobody_is_decided_about_past_their_own_words(kind: type[Any], state: State, messages: int) -> None:
    exchange = Exchange()
    TO_STATE[state](exchange)
    before = exchange.latest.as_of
    for _ in range(messages):
        exchange.write()
    for late in range(before, exchange.latest.as_of):
        exchange.command(kind, f"c-{late}", seen=late)
        assert endings(exchange, f"c-{late}") == (False, ["stale"])
        assert exchange.rejections[-1].catch_up_to == exchange.latest.as_of
    exchange.command(kind, "c")
    assert endings(exchange, "c") == (True, [])


STEPS: Final = st.lists(
    st.one_of(
        st.just(("write", None, 0)),
        st.just(("withdraw", None, 0)),
        st.tuples(st.just("command"), st.sampled_from(COMMANDS), st.integers(0, 2)),
    ),
    max_size=12,
)


@given(STEPS)
def test_a_department_that_keeps_the_latest_event_has_the_truth(steps: list[tuple[str, Any, int]]) -> None:
    exchange = Exchange()
    for number, (step, kind, behind) in enumerate(steps):
        if step == "command":
            exchange.command(kind, f"c-{number}", seen=max(0, exchange.latest.as_of - behind))
            applied, codes = endings(exchange, f"c-{number}")
            assert applied + len(codes) == 1
        else:
            getattr(exchange, step)()
        request, latest = exchange.request.state, exchange.latest
        assert request is not None
        assert latest.state is request.state
        assert latest.as_of >= request.person_seq
        assert isinstance(latest, AssignmentClosed) == (request.state in CLOSED)
    assert [event.number for event in exchange.inbox] == list(range(1, len(exchange.inbox) + 1))
    assert sum(isinstance(event, AssignmentClosed) for event in exchange.inbox) <= 1


@given(STEPS)
def test_repeating_a_command_changes_nothing(steps: list[tuple[str, Any, int]]) -> None:
    exchange = Exchange()
    for number, (step, kind, _) in enumerate(steps):
        if step == "command":
            sent: dict[str, Any] = {"seen": exchange.latest.as_of, "epoch": exchange.latest.epoch}
            exchange.command(kind, f"c-{number}", **sent)
            before = len(exchange.inbox), len(exchange.rejections)
            exchange.command(kind, f"c-{number}", **sent)
            assert (len(exchange.inbox), len(exchange.rejections)) == before
        else:
            getattr(exchange, step)()
