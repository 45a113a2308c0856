"""The steps of departments: commands with what they have seen, right or wrong, in time or late."""

from collections.abc import Mapping
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
        """With an old or impossible ground, or a date that cannot be meant."""
        self.go(self.commanding(name, back, flaw, days, choice=days % 10))

    def commanding(
        self,
        name: str,
        back: int = 0,
        flaw: str | None = None,
        days: int = 7,
        formats: list[tuple[str, ...]] | None = None,
        choice: int = 0,
    ) -> Sending:
        life, seen = self.life, _flawed(self.life.seen(back), flaw)
        about: dict[str, Any] = {}
        data: dict[str, Any] = {} if name == "acknowledge" else {"text": "Está tratado."}
        if name == "request-information":
            about["formats"] = formats or [()]
            items = [{"what": "Recibo", "why": "Para confirmar", "formats": each} for each in about["formats"]]
            data["items"] = items
        elif name == "transfer":
            about["to"] = data["to"] = [*DEPARTMENTS, *DEPARTMENTS, *DEPARTMENTS, "nowhere"][choice]
        elif name == "extend":
            data["until"] = _day(date.fromisoformat(life.heard.latest["due_on"]), days)
            about["date_code"] = None if 0 < days <= LONGEST_AHEAD else "bad-date"
        elif name == "resolve":
            about["outcome"] = OUTCOMES[choice % 4]
            data |= decision(OUTCOMES[choice % 4], days)
            dated = "appeal" in data and not 0 < days <= LONGEST_AHEAD
            about["date_code"] = "bad-date" if dated else None
        command = Command(name, f"{seen.department}/{life.request_id}/{life.number()}", seen, **about)
        return life.command(command, data | seen.data())


def _flawed(seen: Seen, flaw: str | None) -> Seen:
    if flaw == "assignment":
        return seen._replace(assignment_id=UNKNOWN)
    if flaw == "epoch":
        return seen._replace(epoch=seen.epoch + 1)
    return seen._replace(as_of=seen.as_of + 1_000) if flaw == "seen" else seen


def decision(outcome: str, days: int) -> Mapping[str, Any]:
    """What a decision must say besides its text. `days`: how long it can be contested."""
    grounds = {} if outcome == "informed" else {"grounds": "Artigo 5.º"}
    if outcome in ("informed", "granted"):
        return {"outcome": outcome} | grounds
    return {"outcome": outcome} | grounds | {"appeal": {"means": "Recurso.", "until": _day(today(), days)}}


def _day(start: date, days: int) -> str:
    return (start + timedelta(days=days)).isoformat()
