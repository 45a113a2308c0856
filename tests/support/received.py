"""Builds the `Received` that a handler gets, for tests of pure domain functions."""

import hashlib
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from services.common.contracts import Event
from services.common.domain.identifiers import derived_id
from services.common.domain.position import Position
from services.common.domain.received import Received

MONDAY: Final = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
REQUEST: Final = UUID("7d444840-9dc0-41d1-b245-5ffdce74fad2")


def received(
    event: Event, *, topic: str, key: UUID = REQUEST, at: datetime = MONDAY, id: str | None = None, offset: int = 0
) -> Received[Any]:
    """`event` as consumed from `topic`, appended at `at`."""
    value = event.model_dump_json()
    return Received(
        event=event,
        id=id or str(derived_id("test", topic, value)),
        digest=hashlib.blake2b(value.encode(), digest_size=8).digest(),
        topic=topic,
        key=str(key),
        target=str(key),
        partition=3,
        at=at,
        position=Position(topic, 3, offset),
        correlation=str(key),
    )
