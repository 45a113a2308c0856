"""The handler of the register's events: it stores births."""

from collections.abc import Sequence
from typing import Any

from gateway.births.domain import birth_of
from gateway.births.store import new_document
from services.common.contracts.registry import BirthRegistered
from services.common.domain.received import Received
from services.common.messaging import Inserter


def births(id_secret: bytes) -> Inserter:
    """The inserter: each birth is stored once, however often it is reported."""
    inserter = Inserter()

    @inserter.on(BirthRegistered)
    def store_birth(received: Received[BirthRegistered]) -> Sequence[dict[str, Any]]:
        return [new_document(birth_of(received, id_secret), received.at, received.traceparent)]

    return inserter
