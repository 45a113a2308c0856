"""What departments are told about one request, restated from `docs/states.md` and `docs/departments.md`: no code of routing."""

from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple, Self

SILENT: Final = frozenset({"routed", "rated", "act-refused", "command-refused"})
"""Facts that tell a department nothing."""

OFTEN: Final = 2
"""Transfers of one request from which on screening is alarmed."""


class InboxEvent(NamedTuple):
    """`as_of` is the number of the fact that caused it, which is the last one it includes."""

    number: int
    department: str
    kind: str
    as_of: int


class Seen(NamedTuple):
    """What a command says about the case that it is about."""

    department: str
    assignment_id: str
    epoch: int
    as_of: int

    def data(self) -> dict[str, object]:
        return {"assignment_id": self.assignment_id, "epoch": self.epoch, "seen": self.as_of}


@dataclass
class Case:
    """`assignment_id` is None until the inbox has said it. `events` are all inbox events so far."""

    department: str
    assignment_id: str | None = None
    epoch: int = 1
    as_of: int = 0
    hops: int = 0
    alarms: int = 0
    closed: bool = False
    events: list[InboxEvent] = field(default_factory=list)

    def copy(self) -> Self:
        return replace(self, events=[*self.events])

    def follow(self, kind: str, seq: int, to: str | None) -> None:
        """The fact `kind` with the number `seq` happened. `to`: the department that it transfers the request to."""
        if kind in SILENT:
            return
        self.as_of = seq
        if to is not None:
            self._move(to)
        elif kind in ("withdrawn", "concluded", "rejected"):
            self._tell(*(["withdrawn", "closed"] if kind == "withdrawn" else ["closed"]))
            self.closed = True
        elif kind == "registered" or (self.closed and kind == "reopened"):
            self._tell("created")
            self.closed = False
        elif not self.closed:
            self._tell("updated")

    def objection(self, seen: Seen, to: str | None, departments: frozenset[str]) -> str | None:
        """The code with which a command is refused before it reaches intake."""
        if seen.department != self.department:
            return "wrong-department"
        if seen.epoch < self.epoch:
            return "old-epoch"
        if seen.assignment_id != self.assignment_id or seen.epoch > self.epoch:
            return "unknown-assignment"
        if seen.as_of > self.as_of:
            return "not-seen-yet"
        if to is None:
            return None
        return "unknown-department" if to not in departments else "no-change" if to == self.department else None

    def _move(self, to: str) -> None:
        self._tell("closed")
        self.department, self.assignment_id, self.hops = to, None, self.hops + 1
        self._tell("created")
        self.alarms += self.hops >= OFTEN

    def _tell(self, *kinds: str) -> None:
        for kind in kinds:
            self.events.append(InboxEvent(len(self.events) + 1, self.department, kind, self.as_of))
