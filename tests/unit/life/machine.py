"""The machine of a whole life: the system, the model, and what every step checks."""

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant

from services.common.catalogue import catalogue
from services.common.contracts import topics
from services.common.contracts.assignments import AssignmentMade
from services.common.contracts.intake import RequestSubmitted
from services.common.legal_clock import WorkingDays, end_of, explain
from tests.support.life.model import OPEN, Model, last_day
from tests.unit.life.world import AUTHOR, NAMES, START, World, short

LEAVES: Final = (("FAM-01", "NPG"), ("FAM-01", "CER"), ("FAM-01", "VAL"), ("REC-01", "RCL"))
PLACES: Final = (None, "PT-20", "PT-1106", "FR", "BR")

numbers: Final = st.integers(0, 9)


class LifeMachine(RuleBasedStateMachine):
    """Every rule predicts the facts of its step; the invariants check what must hold after any of them.

    `held` are commands on their way, `pending` files whose check has not ended, and `warned` the warnings so far.
    """

    def __init__(self) -> None:
        super().__init__()
        self.world = World(START)
        self.model = Model()
        self.held: list[tuple[str, dict[str, Any], datetime]] = []
        self.pending: list[UUID] = []
        self.warned: set[tuple[date, int]] = set()

    @initialize(leaf=st.sampled_from(LEAVES), place=st.sampled_from(PLACES), days=st.integers(0, 400))
    def file(self, leaf: tuple[str, str], place: str | None, days: int) -> None:
        self.world.pass_time(days=days)
        event = RequestSubmitted(
            **AUTHOR,
            who="P",
            subject=leaf[0],
            reason=leaf[1],
            catalogue_version=1,
            description="Não recebi o abono.",
            place=place,
        )
        self.expect(self.world.take(event, topics.INTAKE), ["registered"])
        made = AssignmentMade(
            **NAMES,
            occurred_at=self.world.now,
            assignment_id=UUID(int=5),
            department=catalogue().department_of(leaf[0]) or "tri",
            epoch=1,
            rule="r",
            rules_version="1",
        )
        self.expect(self.world.take(made, topics.ASSIGNMENTS), ["routed"])

    @property
    def days(self) -> WorkingDays:
        request = self.world.request
        return self.world.calendars.at(self.world.now).working_days(request.department, request.place)

    @property
    def reply_until(self) -> Any:
        return next((f.reply_until for f in reversed(self.world.facts) if short(f) == "answered"), None)

    @property
    def hearing_until(self) -> Any:
        return next(f.answer_until for f in reversed(self.world.facts) if short(f) == "hearing-opened")

    def settles(self, at: datetime) -> list[str]:
        """The facts that come before those of a move that ends or stops the term: what is true of the term until then."""
        request, model = self.world.request, self.model
        if model.answered_on is not None:
            return []
        in_time = at < end_of(request.due_on)
        if model.missed and in_time:
            model.missed = False
            self.warned.clear()
            return ["deadline-miss-retracted"]
        if model.missed or in_time or any(end is None for _, end in model.suspended):
            return []
        assert request.deadline is not None
        due = last_day(request.deadline, self.days, model.suspended)
        model.missed = at >= end_of(due)
        return ["deadline-moved"] * (due != request.due_on) + ["deadline-missed"] * model.missed

    def moved(self) -> list[str]:
        """The fact that says that closed days moved the term, if they did."""
        request = self.world.request
        assert request.deadline is not None
        due = last_day(request.deadline, self.days, self.model.suspended)
        return ["deadline-moved"] * (self.model.state in OPEN and due != request.due_on)

    def refused(self, facts: list[Any], code: str) -> None:
        assert [(short(fact), getattr(fact, "code", None)) for fact in facts] == [("act-refused", code)]
        self.check_fact(facts[0])

    def expect(self, facts: list[Any], names: list[str]) -> None:
        assert [short(fact) for fact in facts] == names
        for fact in facts:
            self.check_fact(fact)

    def check_fact(self, fact: Any) -> None:
        """Its deadline adds up, day by day; the last fact's is what the model counts."""
        if fact.deadline is None:
            return
        numbered = [day.number for day in explain(fact.deadline) if day.number]
        assert numbered == list(range(1, fact.deadline.length + fact.deadline.extension + 1))
        if fact.deadline.calendar == self.days.calendar and fact is self.world.facts[-1]:
            assert fact.deadline.due_on == last_day(fact.deadline, self.days, self.model.suspended)

    @invariant()
    def the_model_and_intake_agree(self) -> None:
        if not self.world.facts:
            return
        request, model = self.world.request, self.model
        assert (request.state, request.epoch, request.person_seq) == (model.state, model.epoch, model.person_seq)
        assert (request.hearing_until is not None) == model.hearing
        assert (request.rated, request.extended, request.missed) == (model.rated, model.extended, model.missed)
        assert [item.state for item in request.asked] == [item.state for item in model.items]
        assert request.deadline is not None
        assert request.deadline.due_on == request.due_on
        assert [(each.since, each.until) for each in request.deadline.suspensions] == model.suspended

    @invariant()
    def facts_are_numbered_and_say_where_the_request_is(self) -> None:
        facts = self.world.facts
        assert [fact.seq for fact in facts] == list(range(1, len(facts) + 1))
        if facts:
            assert (facts[-1].state, facts[-1].epoch) == (self.world.request.state, self.world.request.epoch)

    @invariant()
    def nothing_is_waited_for_that_cannot_come(self) -> None:
        """Documents are open only while the request waits for them, and then they lapse."""
        if not self.world.facts:
            return
        request = self.world.request
        assert request.deadline is not None
        waits = request.state == "awaiting_documents"
        assert waits == any(item.state in ("open", "checking") for item in request.asked) or not waits
        assert waits or not any(item.state == "open" for item in request.asked)
        stopped = request.deadline.suspended_since is not None
        assert stopped == (waits or request.hearing_until is not None)
