"""The steps of departments: each command at once, or on its way while other things happen."""

from datetime import datetime, timedelta
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from services.common.contracts.assignments import (
    AssignmentAcknowledged,
    AssignmentAnswered,
    AssignmentExtensionRequested,
    AssignmentHearingRequested,
    AssignmentInformationRequested,
    AssignmentRejected,
    AssignmentResolved,
    AssignmentTransferRequested,
)
from services.common.legal_clock import day_of, end_of
from tests.support.life.model import KEEPS_TERM, last_day
from tests.unit.life.machine import LifeMachine, numbers
from tests.unit.life.person import PDF

KINDS: Final[dict[str, Any]] = {
    "acknowledge": AssignmentAcknowledged,
    "request-information": AssignmentInformationRequested,
    "hear": AssignmentHearingRequested,
    "transfer": AssignmentTransferRequested,
    "extend": AssignmentExtensionRequested,
    "answer": AssignmentAnswered,
    "resolve": AssignmentResolved,
    "reject": AssignmentRejected,
}
COMMON: Final = ("request-information", "request-information", "hear", "transfer", "extend", "answer")
COMMANDS: Final = st.sampled_from([*COMMON, *COMMON, "acknowledge", "resolve", "reject"])


class DepartmentSteps(LifeMachine):
    """`older` commands know an earlier epoch, and those `behind` have not seen the latest facts."""

    @rule(name=COMMANDS, older=st.booleans(), behind=st.sampled_from([0, 0, 0, 1, 3]), days=st.integers(-2, 15))
    def command(self, name: str, older: bool, behind: int, days: int) -> None:
        self.send(name, older, behind, days)
        self.arrive(len(self.held) - 1)

    @rule(name=COMMANDS, older=st.booleans(), days=st.integers(-2, 15))
    def send(self, name: str, older: bool = False, behind: int = 0, days: int = 5) -> None:
        """A command that will arrive later."""
        request = self.world.request
        seen = {"epoch": max(1, request.epoch - older), "seen": max(0, request.seq - behind)}
        self.held.append((name, seen | self.words(name, days), self.world.now))

    def words(self, name: str, days: int) -> dict[str, Any]:
        """What the command says. `days` also chooses among the kinds of it."""
        text = {"text": "Está tratado."}
        if name == "request-information":
            formats = [(), (PDF,), ()][: 1 + days % 3]
            return text | {"items": [{"what": "Recibo", "why": "Para confirmar", "formats": each} for each in formats]}
        if name == "transfer":
            return text | {"to": ["dd", "cnp", "pf"][days % 3]}
        if name == "extend":
            return text | {"until": self.world.request.due_on + timedelta(days=days)}
        if name == "resolve" and days % 2:
            appeal = {"means": "Recurso", "until": day_of(self.world.now) + timedelta(days=days)}
            return text | {"outcome": "refused", "grounds": "Artigo 5.º", "appeal": appeal}
        return {} if name == "acknowledge" else text

    @precondition(lambda self: self.held)
    @rule(which=numbers)
    def arrive(self, which: int) -> None:
        name, fields, sent_at = self.held.pop(which % len(self.held))
        request = self.world.request
        code = self.model.objection(name, fields["epoch"], fields["seen"], self.date_code(name, fields, sent_at))
        before = self.reply_until
        settled = self.settles(sent_at) if code is None and name in KEEPS_TERM else []
        moved = self.moved() if name == "acknowledge" else []
        facts = self.world.command(KINDS[name], sent_at, **fields)
        if code is not None:
            self.refused(facts, code)
            return
        formats = [tuple(each["formats"]) for each in fields.get("items", ())]
        said = self.model.command(name, day_of(sent_at), formats)
        if name == "resolve" and request.state == "answered":
            assert facts[-2].reply_until == before, "the window moved"
        self.expect(facts, [*settled, *said, *moved])

    def date_code(self, name: str, fields: dict[str, Any], sent_at: datetime) -> str | None:
        request, today = self.world.request, day_of(sent_at)
        if name == "extend":
            assert request.deadline is not None
            due = last_day(request.deadline, self.days, self.model.suspended)
            return "too-late" if sent_at >= end_of(request.due_on) else None if fields["until"] > due else "bad-date"
        appeal = fields.get("appeal")
        return "bad-date" if appeal and appeal["until"] <= today else None
