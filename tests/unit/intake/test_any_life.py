"""A request through any sequence of events: it follows the table of moves, and every act is applied or refused."""

from collections import Counter
from datetime import timedelta
from itertools import pairwise
from typing import Any, Final
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.common.contracts import topics
from services.common.contracts.asked import ItemState
from services.common.legal_clock import day_of, end_of, explain
from services.common.messaging import Outcome
from services.intake.domain import Move, Request
from services.intake.domain.transitions import DECIDED, OPEN, next_state
from services.intake.messages import (
    ActRefused,
    DeadlineMissed,
    DeadlineMissRetracted,
    DocumentsLapsed,
    DocumentsReceived,
    LifecycleFact,
    MessageAdded,
    RequestAnswered,
    RequestConcluded,
    RequestForwarded,
    RequestRated,
    RequestReopened,
    RequestWithdrawn,
    State,
)
from tests.unit.intake.builders import COMMANDS, Calendars, closed_day, submitted
from tests.unit.intake.life import Life

CLOSED: Final = {State.CONCLUDED, State.REJECTED, State.WITHDRAWN}
FILES: Final = [UUID(int=number) for number in range(1, 6)]
ACT_APPLIED: Final = MessageAdded | RequestReopened | RequestWithdrawn | RequestRated
NEW_EPOCH: Final = RequestReopened | RequestForwarded | DocumentsReceived | DocumentsLapsed


class RecordingLife(Life):
    """`records` are those received so far; `waiting` are files whose check has not ended."""

    def __init__(self, calendars: Calendars) -> None:
        self.records: list[Any] = []
        self.waiting: set[UUID] = set()
        super().__init__(calendars)

    def process(self, *records: Any) -> list[LifecycleFact]:
        said = super().process(*records)
        self.records += [each for each in records if each.topic != "timer"]
        self.waiting |= {file for fact in said if isinstance(fact, MessageAdded) for file in fact.documents}
        return said


class AnyLife(RuleBasedStateMachine):
    """Runs intake's own handlers."""

    def __init__(self) -> None:
        super().__init__()
        self.calendars = Calendars()
        self.life = RecordingLife(self.calendars)

    @property
    def request(self) -> Request:
        return self.life.request

    def sweep(self) -> None:
        """The sweeper runs every two seconds: no record finds a timer that was due long before it."""
        self.life.wake(self.life.now)

    @rule(move=st.sampled_from(sorted(COMMANDS)), behind=st.integers(0, 3), old=st.booleans(), days=st.integers(-9, 99))
    def a_department_commands(self, move: Move, behind: int, old: bool, days: int) -> None:
        before = self.request
        seen, epoch = max(0, before.seq - behind), max(1, before.epoch - old)
        other = {"until": before.due_on + timedelta(days=days)} if move is Move.EXTEND else {}
        said = self.life.command(move, seen=seen, epoch=epoch, **other)
        refusals = [fact for fact in said if isinstance(fact, ActRefused)]
        state = next_state(before.state, move)
        if refusals:
            assert self.request == before.model_copy(update={"seq": before.seq + 1})
            assert (refusals[0].code == "stale") == (refusals[0].catch_up_to is not None)
        else:
            assert state is self.request.state
            assert epoch >= before.epoch
            assert state not in DECIDED or seen >= before.person_seq
            assert before.hearing_until is None or move is Move.ACKNOWLEDGE
        assert (self.life.outcome is Outcome.REFUSED) == bool(refusals)
        assert state is not None or refusals

    @rule(
        text=st.sampled_from([None, "Falta um papel."]), files=st.sets(st.sampled_from(FILES)), item=st.integers(0, 9)
    )
    def the_person_writes(self, text: str | None, files: set[UUID], item: int) -> None:
        before, until = self.request, self.request.reply_until
        items = ({"item": item, "documents": tuple(files)},) if item and files else ()
        said = self.life.write(text, documents=tuple(files), items=items)
        comes_back = next_state(before.state, Move.REOPEN) is not None
        in_time = until is not None and said[0].occurred_at < end_of(until)
        applied = before.state in OPEN or (comes_back and in_time)
        assert (self.life.outcome is Outcome.APPLIED) == applied
        assert isinstance(said[0], RequestReopened) == (comes_back and in_time)
        said_words = MessageAdded in map(type, said)
        assert said_words == (applied and (before.state in OPEN or text is not None or bool(files)))
        assert self.request.hearing_until is None

    @rule()
    def the_person_withdraws(self) -> None:
        state = self.request.state
        said = self.life.withdraw()
        allowed = next_state(state, Move.WITHDRAW) is not None
        assert (self.life.outcome is Outcome.APPLIED) == allowed
        assert type(said[-1]) is (RequestWithdrawn if allowed else ActRefused)
        assert self.request.state is (State.WITHDRAWN if allowed else state)

    @rule(score=st.integers(1, 5))
    def the_person_rates(self, score: int) -> None:
        before = self.request
        (fact,) = self.life.rate(score)
        allowed = not before.rated and next_state(before.state, Move.RATE) is not None
        assert type(fact) is (RequestRated if allowed else ActRefused)

    @precondition(lambda self: self.life.waiting)
    @rule(chance=st.randoms(use_true_random=False), accepted=st.booleans())
    def the_check_of_a_file_ends(self, chance: Any, accepted: bool) -> None:
        file = chance.choice(sorted(self.life.waiting))
        self.life.waiting.discard(file)
        self.life.accept(file) if accepted else self.life.refuse(file)

    @rule(department=st.sampled_from(["pf", "dd"]))
    def an_assignment_is_made(self, department: str) -> None:
        state = self.request.state
        self.life.route(department)
        assert self.request.state is state

    @rule(days=st.integers(1, 20))
    def an_operator_adds_a_closed_day(self, days: int) -> None:
        self.calendars.closed_days.append(closed_day(self.life.today + timedelta(days=days), known_from=self.life.now))

    @rule(days=st.integers(1, 40))
    def time_passes_and_timers_fire(self, days: int) -> None:
        self.life.now += timedelta(days=days)
        self.sweep()

    @rule(chance=st.randoms(use_true_random=False))
    def a_record_is_redelivered(self, chance: Any) -> None:
        before = self.life.document
        assert self.life.process(chance.choice(self.life.records)) == []
        assert self.life.outcome is Outcome.DUPLICATE
        assert self.life.document == before
        self.life.records.pop()

    @invariant()
    def facts_are_numbered_without_a_gap(self) -> None:
        facts = self.life.facts
        assert [fact.seq for fact in facts] == list(range(1, len(facts) + 1))
        assert self.request.seq == len(facts)
        assert self.request.state is facts[-1].state

    @invariant()
    def only_coming_back_leaves_a_closed_state(self) -> None:
        for before, fact in pairwise(self.life.facts):
            assert before.state not in CLOSED or fact.state is before.state or isinstance(fact, RequestReopened)

    @invariant()
    def the_epoch_rises_by_one_with_each_fact_that_says_so(self) -> None:
        for before, fact in pairwise(self.life.facts):
            assert fact.epoch == (before.epoch or 0) + isinstance(fact, NEW_EPOCH)

    @invariant()
    def every_act_of_the_person_is_applied_or_refused_once(self) -> None:
        facts = self.life.facts
        applied = {fact.act_id for fact in facts if isinstance(fact, ACT_APPLIED)}
        refused = Counter(fact.act_id for fact in facts if isinstance(fact, ActRefused) and fact.command is None)
        acts = [record.id for record in self.life.records if record.topic == topics.INTAKE]
        assert Counter(applied) + refused == Counter(acts[1:])

    @invariant()
    def every_fact_says_in_which_language_and_about_what_the_request_was_filed(self) -> None:
        filed = submitted().event
        about = {(fact.language, fact.subject, fact.reason) for fact in self.life.facts}
        assert about == {(filed.language, filed.subject, filed.reason)}

    @invariant()
    def an_answer_says_until_when_the_person_may_come_back(self) -> None:
        for answer, following in zip(self.life.facts, [*self.life.facts[1:], None], strict=True):
            if isinstance(answer, RequestAnswered):
                assert answer.reply_until is not None
                assert answer.concludes == (isinstance(following, RequestConcluded) and not following.lapsed)

    @invariant()
    def a_conclusion_without_a_command_has_lapsed_after_the_window(self) -> None:
        windows: list[Any] = []
        for fact in self.life.facts:
            if isinstance(fact, RequestAnswered):
                windows.append(fact.reply_until)
            elif isinstance(fact, RequestConcluded):
                assert fact.lapsed == (fact.command_id is None)
                assert not fact.lapsed or windows[-1] < day_of(fact.occurred_at)

    @invariant()
    def a_request_that_waits_for_somebody_has_a_timer_or_a_check_or_is_overdue(self) -> None:
        """Nothing is a dead end: of an open request something will be said, whatever people do."""
        request = self.request
        if request.state is State.AWAITING_DOCUMENTS:
            assert self.life.document.due or any(item.state is ItemState.CHECKING for item in request.asked)
            assert set(request.checking) <= self.life.waiting
        elif request.state in OPEN:
            assert self.life.document.due or request.missed
        else:
            assert bool(self.life.document.due) == (request.state is State.ANSWERED)

    @invariant()
    def an_item_is_open_only_while_documents_are_awaited(self) -> None:
        if self.request.state is not State.AWAITING_DOCUMENTS:
            assert ItemState.OPEN not in {item.state for item in self.request.asked}

    @invariant()
    def no_closed_request_has_an_open_suspension(self) -> None:
        """The view and the inbox say for ever what the latest fact with a deadline says."""
        said = [fact.deadline for fact in self.life.facts if fact.deadline is not None][-1]
        assert self.request.state in OPEN or said.suspended_since is None

    @invariant()
    def the_latest_deadline_that_was_said_is_the_one_that_counts_and_its_explanation_adds_up(self) -> None:
        said = [fact.deadline for fact in self.life.facts if fact.deadline is not None][-1]
        assert said.due_on == self.request.due_on
        counted = [day.number for day in explain(said) if day.number is not None]
        assert counted == list(range(1, said.length + said.extension + 1))

    @invariant()
    def a_missed_term_is_said_once_and_taken_back_only_after(self) -> None:
        missed = False
        for fact in self.life.facts:
            if isinstance(fact, DeadlineMissed):
                assert not missed
                missed = True
            elif isinstance(fact, DeadlineMissRetracted):
                assert missed
                missed = False
            elif isinstance(fact, RequestReopened):
                missed = False
        assert missed == self.request.missed


TestAnyLife = AnyLife.TestCase
