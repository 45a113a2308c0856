"""The expectations of the verification equal the tables of the services."""

from collections.abc import Iterator, Mapping
from typing import Any, Final
from uuid import uuid4

import pytest

from deploy.verification.expectations import (
    AGGREGATES,
    CHANNEL,
    READERS,
    SIDE_NOTICES,
    delivery_of,
    document_keys,
)
from deploy.verification.log import GROUPS
from deploy.verification.recorder import COLLECTIONS
from deploy.verification.steps import RAISE_EPOCH, STEPS
from services.common.contracts import Event, events_of, topics
from services.common.contracts.handling import DeadlineMissRetracted, DeadlineMoved, DocumentsReceived, HearingClosed
from services.common.contracts.lifecycle import (
    ActRefused,
    DocumentAccepted,
    DocumentRefused,
    LifecycleFact,
    RequestConcluded,
    State,
)
from services.common.messaging import Aggregate
from services.documents.handlers import files
from services.intake.domain import TRANSITIONS, Move
from services.notifications import domain
from services.notifications.domain import Status, deliveries_of, order
from services.routing.handlers import assignments
from tests.support.intake import requests
from tests.support.received import received
from tests.unit.notifications.builders import FACTS, fact

HANDLERS: Final[Mapping[str, Aggregate[Any]]] = {
    "intake": requests,
    "routing": assignments,
    "documents": files,
}

SILENT: Final = (fact(RequestConcluded), fact(HearingClosed, answered=True), fact(DocumentsReceived))
"""Facts of which nobody is told."""

READ: Final = [
    (group, topic, event)
    for topic, groups in READERS.items()
    for group in groups
    if group in HANDLERS
    for event in events_of(topic).values()
]


@pytest.mark.parametrize(("group", "topic", "event"), READ, ids=lambda each: getattr(each, "TYPE", each))
def test_a_record_is_expected_in_the_documents_that_its_handler_targets(
    group: str, topic: str, event: type[Event]
) -> None:
    file = uuid4()
    record = received(event.model_construct(documents=(file, file)), topic=topic)
    assert list(document_keys(group, record)) == list(HANDLERS[group].targets(record))


def test_every_group_is_known() -> None:
    assert HANDLERS.keys() == AGGREGATES.keys()
    assert COLLECTIONS.keys() == GROUPS


@pytest.mark.parametrize("event", [*FACTS.values(), *SILENT], ids=lambda each: str(each.TYPE))
def test_the_expected_notices_equal_those_of_notifications(event: LifecycleFact) -> None:
    record = received(event, topic=topics.LIFECYCLE)
    made = [each for each in deliveries_of(record, "postigo.example") if each.status is not Status.SKIPPED]
    expected = delivery_of(record)
    assert [(str(each.id), each.channel) for each in made] == ([(expected, CHANNEL)] if expected else [])


def test_every_fact_of_notifications_is_covered() -> None:
    assert {type(event) for event in (*FACTS.values(), *SILENT)} == set(domain.FACTS)
    assert set(FACTS) == set(domain.NOTICES)


def test_the_notices_that_tell_no_state_equal_those_of_notifications() -> None:
    assert {name for name, event in FACTS.items() if isinstance(event, SIDE_NOTICES)} == order.SIDE_NOTICES


def chain(move: Move, source: State) -> Iterator[tuple[type[LifecycleFact], State, State | None]]:
    """The facts of a move from `source`, each with the state before it and the expected one after it."""
    state: State | None = source
    for kind in TRANSITIONS[move].facts:
        before, state = state or source, STEPS[kind].get(state or source)
        yield kind, before, state


MOVES: Final = [
    (move, source)
    for move, rule in TRANSITIONS.items()
    for source in rule.to
    # Intake refuses a second one as `no-change`.
    if (move, source) != (Move.ACKNOWLEDGE, State.IN_ANALYSIS)
]
BESIDE_THE_TABLE: Final = {DocumentAccepted, DocumentRefused, ActRefused, DeadlineMissRetracted, DeadlineMoved}
"""Facts that are no move."""


@pytest.mark.parametrize(("move", "source"), MOVES, ids=str)
def test_every_move_of_intakes_table_is_expected(move: Move, source: State) -> None:
    assert list(chain(move, source))[-1][2] is TRANSITIONS[move].to[source]


def test_no_step_is_expected_beside_intakes_table() -> None:
    of_the_table = {(fact, before) for move, source in MOVES for fact, before, _ in chain(move, source)}
    expected = {(fact, before) for fact, to in STEPS.items() for before in to if fact not in BESIDE_THE_TABLE}
    assert expected == of_the_table


def test_the_steps_that_raise_the_epoch_equal_those_of_intakes_table() -> None:
    assert {rule.facts[0] for rule in TRANSITIONS.values() if rule.new_epoch} == set(RAISE_EPOCH)
