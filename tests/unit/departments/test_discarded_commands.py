"""Commands that a fault of ours parked: an operator redrives or discards them, and each has exactly one ending."""

from typing import Any

import pytest
from hypothesis import given, strategies as st

from services.common.contracts import topics
from services.common.contracts.commands import Acknowledge, Answer, Command, Reject, Resolve
from services.routing.domain.rejections import DETAILS
from tests.unit.departments.exchange import OUTBOX, Exchange
from tests.unit.departments.test_every_command import COMMANDS, endings


def parked(*ids: str) -> Exchange:
    """An exchange in which these commands wait for an operator."""
    exchange = Exchange()
    exchange.faulty = True
    for each in ids:
        exchange.command(Answer, each)
    exchange.faulty = False
    return exchange


@pytest.mark.parametrize("kind", COMMANDS)
def test_a_discarded_command_is_rejected_once_and_has_no_effect(kind: type[Any]) -> None:
    exchange = Exchange()
    exchange.faulty = True
    before = exchange.latest
    exchange.command(kind, "c")
    assert endings(exchange, "c") == (False, [])
    exchange.discard()
    assert endings(exchange, "c") == (False, ["discarded"])
    (rejection,) = exchange.rejections
    assert rejection.detail == DETAILS["discarded"]
    assert rejection.command_topic == OUTBOX
    assert exchange.latest == before


def test_a_command_that_was_sent_again_while_it_waited_is_rejected_once() -> None:
    exchange = parked("c", "c")
    exchange.discard()
    exchange.redrive()
    assert endings(exchange, "c") == (False, ["discarded"])


def test_a_discarded_command_that_is_sent_again_later_gets_no_second_answer() -> None:
    exchange = parked("c")
    exchange.discard()
    exchange.command(Answer, "c")
    assert endings(exchange, "c") == (False, ["discarded"])


def test_a_command_takes_effect_after_the_one_before_it_was_discarded() -> None:
    exchange = parked("first", "second")
    exchange.discard()
    exchange.redrive()
    assert endings(exchange, "first") == (False, ["discarded"])
    assert endings(exchange, "second") == (True, [])


def test_another_command_under_the_id_of_a_discarded_one_is_refused() -> None:
    exchange = parked("c")
    exchange.discard()
    exchange.command(Resolve, "c", text="Outra resposta.")
    assert endings(exchange, "c") == (False, ["discarded", "id-reused"])


def test_a_record_that_is_not_parked_cannot_be_discarded() -> None:
    exchange = parked("c")
    record = exchange.parked[0]
    exchange.redrive()
    exchange.parked.append(record)
    exchange.discard()
    assert endings(exchange, "c") == (True, [])


STEPS = st.lists(
    st.one_of(
        st.sampled_from(["fault", "repair", "write", "withdraw"]),
        st.tuples(st.sampled_from([Acknowledge, Answer, Resolve, Reject]), st.integers(0, 3)),
    ),
    max_size=12,
)


@given(STEPS, st.data())
def test_every_command_has_exactly_one_ending_whatever_an_operator_does(steps: list[Any], data: st.DataObject) -> None:
    """Commands may be sent again under their id, while they wait and afterwards."""
    exchange = Exchange()
    sent: dict[str, tuple[type[Command], dict[str, Any]]] = {}
    for step in steps:
        if isinstance(step, tuple):
            kind, number = step
            fields = {"seen": exchange.latest.as_of, "epoch": exchange.latest.epoch}
            first = sent.setdefault(f"c-{number}", (kind, fields))
            exchange.command(first[0], f"c-{number}", **first[1])
        elif step in ("write", "withdraw"):
            getattr(exchange, step)()
        else:
            exchange.faulty = step == "fault"
    exchange.faulty = False
    while exchange.parked:
        commands = [number for number, each in enumerate(exchange.parked) if each.topic != topics.LIFECYCLE]
        if data.draw(st.booleans()) and commands:
            exchange.discard(data.draw(st.sampled_from(commands)))
        else:
            exchange.redrive()
    for identifier in sent:
        applied, codes = endings(exchange, identifier)
        assert applied + len(codes) == 1, (identifier, applied, codes)
    assert not exchange.assignment.blocked
