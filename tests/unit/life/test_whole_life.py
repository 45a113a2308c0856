"""Any life of a request, with days that pass: intake does what the table says, and each date can be counted again."""

import os
from datetime import timedelta
from typing import Any, Final

from hypothesis import settings, strategies as st
from hypothesis.stateful import rule

from services.common.legal_clock import day_of, end_of
from tests.support.life.model import OPEN
from tests.unit.life.department import DepartmentSteps
from tests.unit.life.person import PersonSteps
from tests.unit.life.world import short

STEPS: Final = int(os.environ.get("POSTIGO_LIFE_STEPS", "4000"))
"""Steps of the machine in all."""

EXAMPLE: Final = 40
"""Steps of one life."""


class WholeLife(PersonSteps, DepartmentSteps):
    @rule(hours=st.integers(1, 60))
    def hours_pass(self, hours: int) -> None:
        self.world.pass_time(hours=hours)

    @rule(days=st.integers(1, 20))
    def days_pass(self, days: int) -> None:
        """One after the other, as the sweeper sees them."""
        for _ in range(days):
            self.world.pass_time(days=1)
            self.sweep()

    @rule()
    def sweep(self) -> None:
        """All that is due happens, however long ago it was due."""
        for fact in self.world.sweep():
            getattr(self, f"_{short(fact).replace('-', '_')}")(fact)
            self.check_fact(fact)

    def _concluded(self, fact: Any) -> None:
        assert (self.model.state, fact.lapsed) == ("answered", True)
        self.model.state = "concluded"

    def _documents_lapsed(self, fact: Any) -> None:
        assert self.model.state == "awaiting_documents"
        self.model.state, self.model.epoch = "in_analysis", self.model.epoch + 1
        self.model.resume(fact.deliver_until)
        self.model.end_items("lapsed")

    def _documents_reminder(self, fact: Any) -> None:
        assert self.model.state == "awaiting_documents"
        assert any(item.state == "open" for item in self.model.items)
        assert fact.occurred_at < end_of(fact.deliver_until)

    def _hearing_closed(self, fact: Any) -> None:
        assert (self.model.hearing, fact.answered) == (True, False)
        self.model.close_hearing(self.hearing_until)

    def _deadline_approaching(self, fact: Any) -> None:
        assert (self.model.term_runs(), self.model.missed) == (True, False)
        warning = (fact.due_on, fact.working_days_left)
        assert warning not in self.warned
        self.warned.add(warning)

    def _deadline_missed(self, fact: Any) -> None:
        assert (self.model.term_runs(), self.model.missed) == (True, False)
        assert self.world.now >= end_of(fact.due_on)
        self.model.missed = True

    def _deadline_moved(self, fact: Any) -> None:
        assert self.model.state in OPEN

    @rule(ahead=st.integers(1, 12))
    def a_day_is_closed(self, ahead: int) -> None:
        day = day_of(self.world.now) + timedelta(days=ahead)
        self.world.calendars.close(day, self.world.now, self.world.number())


TestWholeLife = WholeLife.TestCase
TestWholeLife.settings = settings(max_examples=max(1, STEPS // EXAMPLE), stateful_step_count=EXAMPLE)
