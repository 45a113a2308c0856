"""What people do in one schedule: who files what, when, and what they do with it afterwards. Drawn, and then data."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from deploy.demo.data import DemoRequest, load_requests
from deploy.verification.evidence import MESSAGE, WITHDRAWAL


@dataclass(frozen=True, slots=True)
class Act:
    """One way to act on a request: `path` below it, and what the body holds."""

    kind: str
    path: str
    body: Mapping[str, Any]
    weight: int = 1


ACTS: Final[Mapping[str, Act]] = {
    act.kind: act
    for act in (
        Act(MESSAGE, "messages", {"text": "Acrescento mais uma informação."}, weight=3),
        Act(WITHDRAWAL, "withdrawal", {}, weight=2),
    )
}
"""Every act that people of these schedules know, by its kind."""

WITH_FILES: Final = 4
"""One request in so many names files, where its row has some."""


ACTING: Final = 0.4
"""How many of all people act on what they filed."""


@dataclass(frozen=True, slots=True)
class Wish:
    """An act that its author will make, so many seconds after they got the reference."""

    kind: str
    after: float


@dataclass(frozen=True, slots=True)
class Part:
    """One request that will be filed: at how many seconds from the beginning, and what its author then does."""

    number: int
    at: float
    row: DemoRequest
    files: tuple[str, ...] = ()
    then: tuple[Wish, ...] = ()


def draw(chance: random.Random, name: str, count: int, seconds: float) -> Sequence[Part]:
    """`count` requests within `seconds`; `name` makes every text the only one of its kind."""
    rows = load_requests()
    moments = sorted(round(chance.uniform(0, seconds), 2) for _ in range(count))
    return [_part(chance, number, at, chance.choice(rows), name) for number, at in enumerate(moments)]


def _part(chance: random.Random, number: int, at: float, row: DemoRequest, name: str) -> Part:
    said = row.model_copy(update={"description": f"{row.description} (n.º {number}, {name})"})
    files = row.documents if chance.randrange(WITH_FILES) == 0 else ()
    return Part(number, at, said, files, _wishes(chance))


def _wishes(chance: random.Random) -> tuple[Wish, ...]:
    """What somebody does with what they filed; some do two things."""
    if chance.random() > ACTING:
        return ()
    kinds, weights = zip(*((act.kind, act.weight) for act in ACTS.values()), strict=True)
    chosen = chance.choices(kinds, weights, k=chance.choice((1, 1, 2)))
    return tuple(Wish(kind, round(chance.uniform(0, 4), 2)) for kind in chosen)
