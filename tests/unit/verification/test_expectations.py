"""The expectations of the verification equal the tables of the services."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import uuid4

import pytest

from deploy.verification.expectations import AGGREGATES, CHANNEL, READERS, delivery_of, document_keys
from deploy.verification.log import GROUPS
from deploy.verification.recorder import COLLECTIONS
from services.common.contracts import Event, events_of, topics
from services.common.contracts.lifecycle import LifecycleFact, RequestConcluded
from services.common.messaging import Aggregate
from services.documents.handlers import files
from services.notifications import domain
from services.notifications.domain import deliveries_of
from services.routing.handlers import assignments
from tests.support.intake import requests
from tests.support.received import received
from tests.unit.notifications.builders import FACTS, fact

HANDLERS: Final[Mapping[str, Aggregate[Any]]] = {
    "intake": requests,
    "routing": assignments,
    "documents": files,
}

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


@pytest.mark.parametrize("event", [*FACTS.values(), fact(RequestConcluded)], ids=lambda each: str(each.TYPE))
def test_the_expected_notices_equal_those_of_notifications(event: LifecycleFact) -> None:
    record = received(event, topic=topics.LIFECYCLE)
    made = [(str(each.id), each.channel) for each in deliveries_of(record, "postigo.example")]
    expected = delivery_of(record)
    assert made == ([(expected, CHANNEL)] if expected else [])


def test_every_fact_of_notifications_is_covered() -> None:
    assert {type(event) for event in FACTS.values()} == set(domain.FACTS)
    assert set(FACTS) == set(domain.NOTICES)
