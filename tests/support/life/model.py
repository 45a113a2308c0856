"""What a request should be after each step, restated from `docs/states.md`: no code of intake."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from services.common.legal_clock import Deadline, WorkingDays

OPEN: Final = ("registered", "in_analysis", "awaiting_documents")
RUNNING: Final = ("registered", "in_analysis")
DECIDED: Final = ("answered", "concluded", "rejected")
RATED_IN: Final = ("answered", "concluded", "rejected")

COMMANDS: Final[dict[str, tuple[tuple[str, ...], str | None]]] = {
    "acknowledge": (RUNNING, "in_analysis"),
    "request-information": (RUNNING, "awaiting_documents"),
    "hear": (RUNNING, "in_analysis"),
    "transfer": (OPEN, None),
    "extend": (RUNNING, None),
    "answer": (OPEN, "answered"),
    "resolve": ((*OPEN, "answered"), "concluded"),
    "reject": (OPEN, "rejected"),
}
"""Where each command is allowed, and where it leads; None: nowhere else."""

FACTS: Final = {
    "acknowledge": ["in-analysis"],
    "request-information": ["documents-requested"],
    "hear": ["hearing-opened"],
    "transfer": ["forwarded"],
    "extend": ["extended"],
    "answer": ["answered"],
    "resolve": ["answered", "concluded"],
    "reject": ["rejected"],
}
KEEPS_TERM: Final = ("request-information", "hear", "extend", "answer", "resolve", "reject")
"""Commands that take back a missed term, if they were sent in time."""


@dataclass
class Item:
    formats: tuple[str, ...] = ()
    state: str = "open"
    files: dict[UUID, str] = field(default_factory=dict)
    """Each delivered file that is not refused, and how far its check is."""

    def settle(self) -> None:
        checks = set(self.files.values())
        self.state = "open" if not checks else "checking" if "checking" in checks else "received"


@dataclass
class Model:
    """`suspended` are intervals of days after their first and up to their last one; None: not ended."""

    state: str = "registered"
    epoch: int = 1
    person_seq: int = 0
    hearing: bool = False
    rated: bool = False
    extended: bool = False
    missed: bool = False
    answered_on: date | None = None
    suspended: list[tuple[date, date | None]] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    delivered_on: date | None = None

    def objection(self, command: str, epoch: int, seen: int, date_code: str | None) -> str | None:
        """The code with which a command is refused."""
        allowed, to = COMMANDS[command]
        if epoch < self.epoch:
            return "old-epoch"
        if self.state not in allowed:
            return "not-allowed"
        if command == "acknowledge":
            return "no-change" if self.state == to else None
        if self.hearing:
            return "hearing-open"
        if (to in DECIDED or command == "hear") and seen < self.person_seq:
            return "stale"
        return "extended-already" if command == "extend" and self.extended else date_code

    def act_objection(self, act: str, *, late: bool = False) -> str | None:
        """The code with which an act of the person is refused. `late`: the time to come back on the answer is over."""
        if act == "rating":
            return "rated-already" if self.rated else None if self.state in RATED_IN else "not-allowed"
        if act == "withdrawal":
            return None if self.state in OPEN else "not-allowed"
        if self.state in OPEN:
            return "not-allowed" if act == "reopening" else None
        return None if self.state in ("answered", "concluded") and not late else "closed"

    def add_message(self, deliveries: Mapping[int, Sequence[UUID]], seq: int, on: date) -> list[str]:
        """A message while the request is open, whose fact has the number `seq`. It closes a hearing, whatever it says."""
        for number, files in deliveries.items():
            self.deliver(number, files, on)
        self.person_seq = seq
        if not self.hearing:
            return ["message-added"]
        self.close_hearing(on)
        return ["message-added", "hearing-closed"]

    def come_back(self, seq: int, *, said: bool) -> list[str]:
        """The person comes back on the answer, with words or files if `said`. `seq` is the number of the first fact."""
        facts = ["reopened", "message-added"] if said else ["reopened"]
        self.state, self.epoch, self.person_seq = "in_analysis", self.epoch + 1, seq + len(facts) - 1
        self.extended = self.missed = False
        self.answered_on, self.suspended = None, []
        return facts

    def withdraw(self, today: date) -> list[str]:
        self.state, self.hearing = "withdrawn", False
        self.resume(today)
        self.end_items("dropped")
        return ["withdrawn"]

    def rate(self) -> list[str]:
        self.rated = True
        return ["rated"]

    def command(self, name: str, today: date, formats: Sequence[tuple[str, ...]] = ()) -> list[str]:
        """A command of the department takes effect. `formats`: those of each document that it asks for."""
        if name == "request-information":
            self.items += map(Item, formats)
            self.delivered_on = None
        if name in ("request-information", "hear"):
            self.stop(today)
        self.hearing |= name == "hear"
        self.extended |= name == "extend"
        self.epoch += name == "transfer"
        if name in ("answer", "resolve", "reject"):
            self.resume(today)
            self.end_items("dropped")
        if name in ("answer", "resolve"):
            self.answered_on = self.answered_on or today
        self.state = COMMANDS[name][1] or self.state
        return FACTS[name]

    def close_hearing(self, until: date) -> None:
        self.hearing = False
        self.resume(until)

    def term_runs(self) -> bool:
        return self.state in RUNNING and not self.hearing

    def waited_for(self) -> list[Item]:
        return [item for item in self.items if item.state in ("open", "checking")]

    def complete(self) -> bool:
        return self.state == "awaiting_documents" and not self.waited_for()

    def stop(self, since: date) -> None:
        self.suspended.append((since, None))

    def resume(self, until: date) -> None:
        self.suspended = [(since, end or max(since, until)) for since, end in self.suspended]

    def end_items(self, state: str) -> None:
        for item in self.items:
            if item.state == "open":
                item.state = state

    def deliver(self, number: int, files: Sequence[UUID], on: date) -> None:
        """Files for an item that is not waited for come unasked."""
        if self.state != "awaiting_documents" or not 0 < number <= len(self.items):
            return
        item = self.items[number - 1]
        new = [file for file in files if file not in item.files]
        if item.state in ("open", "checking") and new:
            item.files.update(dict.fromkeys(new, "checking"))
            item.settle()
            self.delivered_on = max(self.delivered_on or on, on)

    def check(self, file: UUID, media_type: str | None, seq: int) -> list[str]:
        """The check of a file ended, for each item that it was delivered for; None: it is refused. `seq`: as in `come_back`."""
        ended = {"awaiting_documents": "open", "in_analysis": "lapsed"}.get(self.state, "dropped")
        for item in self.items:
            if file not in item.files:
                continue
            if media_type is not None and (not item.formats or media_type in item.formats):
                item.files[file] = "accepted"
            else:
                del item.files[file]
            if item.state in ("open", "checking"):
                item.settle()
                item.state = ended if item.state == "open" else item.state
        if media_type is not None:
            self.person_seq = seq
        facts = ["document-refused" if media_type is None else "document-accepted"]
        return [*facts, "documents-received"] if self.receive() else facts

    def receive(self) -> bool:
        """Whether the last asked document is in. Then the term goes on from the day of its delivery."""
        if not self.complete():
            return False
        assert self.delivered_on is not None
        self.state, self.epoch = "in_analysis", self.epoch + 1
        self.resume(self.delivered_on)
        return True


def last_day(deadline: Deadline, days: WorkingDays, suspended: list[tuple[date, date | None]]) -> date:
    """The end of a term in working days, counted one by one."""
    left, day = deadline.length + deadline.dilation + deadline.extension, deadline.entered_on
    while left:
        day += timedelta(days=1)
        stopped = any(end is not None and since < day <= end for since, end in suspended)
        left -= days.is_working(day) and not stopped
    until = max((end for since, end in suspended if end is not None and since == day), default=day)
    return days.after(day, days.between(day, until))
