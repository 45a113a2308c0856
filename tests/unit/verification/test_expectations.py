"""The expectations of the verification equal the tables of the services."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import uuid4

import pytest

from deploy.verification.expectations import AGGREGATES, CHANNEL, NOTIFIED, READERS, document_keys
from deploy.verification.log import GROUPS
from deploy.verification.recorder import COLLECTIONS
from services.common.contracts import Event, events_of
from services.common.messaging import Aggregate
from services.documents.handlers import files
from services.intake.handlers import requests
from services.notifications.domain import MATRIX
from services.routing.handlers import assignments
from tests.support.received import received

HANDLERS: Final[Mapping[str, Aggregate[Any]]] = {"intake": requests, "routing": assignments, "documents": files}

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


def test_the_expected_notices_equal_those_of_notifications() -> None:
    assert {kind: row.channels for kind, row in MATRIX.items() if row.channels} == dict.fromkeys(NOTIFIED, (CHANNEL,))
