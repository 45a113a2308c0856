"""The steps of departments: commands with what they have seen, right or wrong, in time or late."""

from datetime import date, timedelta
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.integration.life.case import Seen
from tests.integration.life.events import Command, today
from tests.integration.life.life import PDF, PNG, Sending
from tests.integration.life.machine import LifeMachine
from tests.integration.life.system import DEPARTMENTS

COMMANDS: Final = st.sampled_from(
    [
        *("acknowledge", "request-information", "request-information", "hear", "hear", "transfer", "transfer"),
        *("extend", "answer", "answer", "resolve", "reject"),
    ]
)

FORMATS: Final = st.lists(st.sampled_from([(), (PDF,), (PNG, "image/jpeg")]), min_size=1, max_size=3)

DAYS: Final = st.sampled_from([7, 30, 0, -3, 400])
"""After a day that counts: what can be meant comes first."""

LONGEST_AHEAD: Final = 366

OUTCOMES: Final = ("informed", "granted", "partly", "refused")

UNKNOWN: Final = "7d444840-9dc0-41d1-b245-5ffdce74fad2"
"""The id of nothing."""

backs: Final = st.sampled_from([0, 1, 2, 5])
flaws: Final = st.sampled_from([None, None, None, "assignment", "epoch", "seen"])


class DepartmentSteps(LifeMachine):
    """`back` counts the inbox events that came after the one that a command answers. `flaw` is what is wrong in it."""

    @rule(name=COMMANDS, formats=FORMATS, choice=st.integers(0, 9))
    def command(self, name: str, formats: list[tuple[str, ...]], choice: int) -> None:
        self.go(self.commanding(name, formats=formats, choice=choice))

    @rule(name=st.sampled_from(["answer", "resolve"]), choice=st.integers(0, 9))
    def decide(self, name: str, choice: int) -> None:
        self.go(self.commanding(name, choice=choice))

    @rule(name=COMMANDS, back=backs, flaw=flaws, days=DAYS)
    def doubtful_command(self, name: str, back: int, flaw: str | None, days: int) -> None:
        """With an old or impossible ground, or a date that cannot be meant: a refusal names one."""
        self.go(self.commanding(name, back, flaw, days, choice=3))

    def commanding(
        self,
        name: str,
        back: int = 0,
        flaw: str | None = None,
        days: int = 7,
        formats: list[tuple[str, ...]] | None = None,
        choice: int = 0,
    ) -> Sending:
        """A command to the request whose turn it is. `days`: how far ahead its date is; `choice`: among outcomes or departments."""
        life, seen = self.life, _flawed(self.life.seen(back), flaw)
        due_on = date.fromisoformat(life.heard.latest["due_on"])
        data, about = _content(name, due_on, days, formats or [()], choice)
        command = Command(name, f"{seen.department}/{life.request_id}/{life.number()}", seen, **about)
        return life.command(command, data | seen.data())


def _content(
    name: str, due_on: date, days: int, formats: list[tuple[str, ...]], choice: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the command says, and what its event has for that."""
    data, date_code = {"text": "Está tratado."}, None if 0 < days <= LONGEST_AHEAD else "bad-date"
    if name == "acknowledge":
        return {}, {}
    if name == "request-information":
        items = [{"what": "Recibo", "why": "Para confirmar", "formats": each} for each in formats]
        return data | {"items": items}, {"formats": formats}
    if name == "transfer":
        to = [*DEPARTMENTS, *DEPARTMENTS, *DEPARTMENTS, "nowhere"][choice]
        return data | {"to": to}, {"to": to}
    if name == "extend":
        return data | {"until": _day(due_on, days)}, {"date_code": date_code}
    if name == "resolve":
        outcome = OUTCOMES[choice % len(OUTCOMES)]
        said = decision(outcome, days)
        return data | said, {"outcome": outcome, "date_code": date_code if "appeal" in said else None}
    return data, {}


def _flawed(seen: Seen, flaw: str | None) -> Seen:
    if flaw == "assignment":
        return seen._replace(assignment_id=UNKNOWN)
    if flaw == "epoch":
        return seen._replace(epoch=seen.epoch + 1)
    return seen._replace(as_of=seen.as_of + 1_000) if flaw == "seen" else seen


def decision(outcome: str, days: int) -> dict[str, Any]:
    """What a decision must say besides its text. `days`: how long it can be contested."""
    grounds = {} if outcome == "informed" else {"grounds": "Artigo 5.º"}
    if outcome in ("informed", "granted"):
        return {"outcome": outcome} | grounds
    return {"outcome": outcome} | grounds | {"appeal": {"means": "Recurso.", "until": _day(today(), days)}}


def _day(start: date, days: int) -> str:
    return (start + timedelta(days=days)).isoformat()
