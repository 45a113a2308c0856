"""The workload of a schedule: which requests are filed at which times, and the acts that follow. Pure data."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from deploy.demo.data import DemoRequest, independent_requests
from deploy.verification.evidence import MESSAGE, RATING, REOPENING, WITHDRAWAL


@dataclass(frozen=True, slots=True)
class Act:
    """A kind of act: its `path` below the request, and its body."""

    kind: str
    path: str
    body: Mapping[str, Any]
    weight: int = 1


ACTS: Final[Mapping[str, Act]] = {
    act.kind: act
    for act in (
        Act(MESSAGE, "messages", {"text": "Acrescento mais uma informação."}, weight=3),
        Act(WITHDRAWAL, "withdrawal", {}, weight=2),
        Act(REOPENING, "reopening", {"text": "Volto a este pedido."}),
        Act(RATING, "rating", {"score": 4, "text": "Foi rápido."}),
    )
}
"""All acts of the workload by kind."""

WITH_FILES: Final = 4
"""One of so many requests attaches files, if its row has some."""


ACTING: Final = 0.4
"""The share of authors who act on their request."""


LATEST: Final = {REOPENING: 12, RATING: 12}
"""Seconds after the reference at which an act is made at the latest; 4 for others. These need an answer first."""


@dataclass(frozen=True, slots=True)
class PlannedAct:
    """An act that is made `after` seconds after the author got the reference."""

    kind: str
    after: float


@dataclass(frozen=True, slots=True)
class PlannedRequest:
    """A request that is filed `at` seconds after the start, and the acts of its author."""

    number: int
    at: float
    row: DemoRequest
    files: tuple[str, ...] = ()
    then: tuple[PlannedAct, ...] = ()


def draw(chance: random.Random, name: str, count: int, seconds: float) -> Sequence[PlannedRequest]:
    """`count` requests within `seconds`. `name` makes every text unique."""
    rows = independent_requests()
    moments = sorted(round(chance.uniform(0, seconds), 2) for _ in range(count))
    return [_part(chance, number, at, chance.choice(rows), name) for number, at in enumerate(moments)]


def _part(chance: random.Random, number: int, at: float, row: DemoRequest, name: str) -> PlannedRequest:
    unique = row.model_copy(update={"description": f"{row.description} (n.º {number}, {name})"})
    files = row.documents if chance.randrange(WITH_FILES) == 0 else ()
    return PlannedRequest(number, at, unique, files, _planned_acts(chance))


def _planned_acts(chance: random.Random) -> tuple[PlannedAct, ...]:
    """The acts of one author: none, one or two."""
    if chance.random() > ACTING:
        return ()
    kinds, weights = zip(*((act.kind, act.weight) for act in ACTS.values()), strict=True)
    chosen = chance.choices(kinds, weights, k=chance.choice((1, 1, 2)))
    return tuple(PlannedAct(kind, round(chance.uniform(0, LATEST.get(kind, 4)), 2)) for kind in chosen)
