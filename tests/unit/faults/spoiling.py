"""Ways to spoil a life that went well: a registry of them by the clause that must find it, and how each is made."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from services.common.contracts.lifecycle import (
    LifecycleFact,
    State,
)
from tests.faults.history import Acted, History, Kept, Record
from tests.faults.verdicts import Clause
from tests.unit.faults.builders import Life

Spoil = Callable[[Life], History]

SPOILED: list[tuple[Clause, Spoil]] = []

REFUSED = {"act_id": "act-1", "code": "not-allowed"}


def breaks(clause: Clause) -> Callable[[Spoil], Spoil]:
    def registered(spoil: Spoil) -> Spoil:
        SPOILED.append((clause, spoil))
        return spoil

    return registered


def extended(history: History, *more: Record) -> History:
    return replace(history, records=[*history.records, *more])


def but(**changed: Any) -> Callable[[Kept], Kept]:
    return lambda kept: replace(kept, **changed)


def shown(**changed: Any) -> Callable[[Kept], Kept]:
    return lambda kept: replace(kept, state={**(kept.state or {}), **changed})


def acted(life: Life, kind: type[LifecycleFact] | None = None, *, text: str | None = None, **more: Any) -> History:
    """The life of somebody who also did something, which had the effect `kind`."""
    life.acts = (Acted("message", "act-1", text),)
    if kind is not None:
        life.fact("act", "act-1", kind, State.CONCLUDED, **more)
    return life.history()


def numbered(history: History, *numbers: int) -> History:
    """The same facts with these numbers, in the order in which they were said."""
    left = iter(numbers)
    changed = []
    for record in history.records:
        if record.received is not None and isinstance(record.event, LifecycleFact):
            event = record.event.model_copy(update={"seq": next(left)})
            changed.append(replace(record, received=record.received._replace(event=event)))
        else:
            changed.append(record)
    return replace(history, records=changed)
