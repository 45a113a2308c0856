"""Saying "not now" before a queue grows."""

import random
from collections.abc import Mapping
from types import TracebackType
from typing import Final

from starlette.types import Scope

from services.common.telemetry.metrics import TURNED_AWAY
from services.common.web import kinds
from services.common.web.problems import Problem

COME_BACK: Final = (1, 3)
"""Seconds, drawn for each who is sent away: all of them must not come back at the same moment."""


class InFlight:
    """At most `limit` at once inside `with`; the next one is answered `busy` at once instead of waiting."""

    def __init__(self, what: str, limit: int) -> None:
        self._limit = limit
        self._inside = 0
        self._turned_away = TURNED_AWAY.labels(what)

    @property
    def is_full(self) -> bool:
        return self._inside >= self._limit

    def refusal(self) -> Problem:
        self._turned_away.inc()
        return Problem(kinds.BUSY, retry_after=random.randint(*COME_BACK))

    def __enter__(self) -> None:
        if self.is_full:
            raise self.refusal()
        self._inside += 1

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._inside -= 1


class Doors:
    """Who would only be told "not now" later, when more has been done for them, is told so at the door.

    `behind` names what stands behind a method and an address.
    """

    def __init__(self, behind: Mapping[tuple[str, str], InFlight]) -> None:
        self._behind = behind

    def __call__(self, scope: Scope) -> Problem | None:
        in_flight = self._behind.get((scope["method"], scope["path"]))
        return in_flight.refusal() if in_flight is not None and in_flight.is_full else None
