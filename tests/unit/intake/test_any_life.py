"""A request through any sequence of events: it follows the state machine, and every act is applied or refused."""

from collections import Counter
from datetime import timedelta
from itertools import count, pairwise
from typing import Any, Final
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from services.common.contracts import Event, topics
from services.common.contracts.base import events_of
from services.common.legal_clock import day_of
from services.common.messaging import Outcome
from services.common.store import Document, OutboxEntry
from services.intake.domain import Move, Request, request
from services.intake.domain.transitions import next_state
from services.intake.handlers import requests
from services.intake.messages import (
    ActRefused,
    DocumentAccepted,
    LifecycleFact,
    MessageAdded,
    RequestAnswered,
    RequestConcluded,
    RequestReplied,
    RequestWithdrawn,
    State,
    Withdrawn,
)
from tests.support.received import MONDAY, received
from tests.unit.intake.test_acts import names
from tests.unit.intake.test_request import COMMANDS, assignment_made, command, file_accepted, submitted

CLOSED: Final = {State.CONCLUDED, State.REJECTED, State.WITHDRAWN}


class AnyLife(RuleBasedStateMachine):
    """Runs intake's own handlers; `records` are those received so far."""

    def __init__(self) -> None:
        super().__init__()
        self.now = MONDAY
        self.document: Document[Request] = Document("r")
        self.facts: list[LifecycleFact] = []
        self.records: list[Any] = []
        self.numbers = count(1)
        self.process(submitted())

    @property
    def request(self) -> Request:
        assert self.document.state is not None
        return self.document.state

    def process(self, record: Any) -> tuple[Outcome, list[LifecycleFact]]:
        """Process one record as the kernel does."""
        fold = requests.fold(self.document, [record])
        (outcome,) = fold.outcomes
        self.document = fold.change.after
        facts = [_fact(entry) for entry in fold.change.new_events]
        self.facts += facts
        return outcome, facts

    def new(self, event: Event, topic: str) -> Any:
        self.now += timedelta(minutes=1)
        record = received(event, topic=topic, at=self.now, id=f"n-{next(self.numbers)}")
        self.records.append(record)
        return record

    @rule(move=st.sampled_from(sorted(COMMANDS)), behind=st.integers(0, 3))
    def a_department_commands(self, move: Move, behind: int) -> None:
        state, person_seq = self.request.state, self.request.person_seq
        seen = max(0, self.request.seq - behind)
        identifier = f"c-{next(self.numbers)}"
        event = command(move, seen).event
        reference = event.command.model_copy(update={"id": identifier})
        record = self.new(event.model_copy(update={"command": reference}), topics.ASSIGNMENTS)
        outcome, facts = self.process(record)
        unseen = move is not Move.ACKNOWLEDGE and seen < person_seq
        allowed = next_state(state, move) not in (None, state) and not unseen
        assert (outcome is Outcome.APPLIED) == allowed
        assert [fact.act_id for fact in facts if isinstance(fact, ActRefused)] == ([] if allowed else [identifier])
        assert {fact.command_id for fact in facts if not isinstance(fact, ActRefused)} == (
            {identifier} if allowed else set()
        )
        assert self.request.state is (next_state(state, move) if allowed else state)

    @rule(text=st.sampled_from([None, "Falta um papel."]), files=st.integers(0, 2))
    def the_person_writes(self, text: str | None, files: int) -> None:
        state = self.request.state
        documents = tuple(UUID(int=number) for number in range(files))
        outcome, facts = self.process(self.new(RequestReplied(**names(text=text, documents=documents)), topics.INTAKE))
        assert (outcome is Outcome.APPLIED) == (state not in CLOSED)
        assert [type(fact) for fact in facts] == [ActRefused if state in CLOSED else MessageAdded]
        assert self.request.state is state
        assert (self.request.person_seq == self.request.seq) == (state not in CLOSED)

    @rule()
    def the_person_withdraws(self) -> None:
        state = self.request.state
        outcome, facts = self.process(self.new(Withdrawn(**names()), topics.INTAKE))
        allowed = next_state(state, Move.WITHDRAW) is not None
        assert (outcome is Outcome.APPLIED) == allowed
        assert [type(fact) for fact in facts] == [RequestWithdrawn if allowed else ActRefused]
        assert self.request.state is (State.WITHDRAWN if allowed else state)

    @rule()
    def a_file_is_accepted(self) -> None:
        state = self.request.state
        _, facts = self.process(self.new(file_accepted().event, topics.DOCUMENTS))
        assert [type(fact) for fact in facts] == [DocumentAccepted]
        assert self.request.state is state

    @rule()
    def an_assignment_is_made(self) -> None:
        state = self.request.state
        self.process(self.new(assignment_made(), topics.ASSIGNMENTS))
        assert self.request.state is state

    @rule(days=st.integers(1, 40))
    def time_passes_and_timers_fire(self, days: int) -> None:
        self.now += timedelta(days=days)
        for due in self.document.due:
            if due.at <= self.now:
                self.process(requests.timer(self.document, due))

    @rule(chance=st.randoms(use_true_random=False))
    def a_record_is_redelivered(self, chance: Any) -> None:
        if self.records:
            before = self.document
            assert self.process(chance.choice(self.records)) == (Outcome.DUPLICATE, [])
            assert self.document == before

    @invariant()
    def facts_are_numbered_without_a_gap(self) -> None:
        assert [fact.seq for fact in self.facts] == list(range(1, len(self.facts) + 1))
        assert self.request.seq == len(self.facts)
        assert self.request.state is self.facts[-1].state

    @invariant()
    def no_move_leaves_a_closed_state(self) -> None:
        states = [fact.state for fact in self.facts]
        closed = next((index for index, state in enumerate(states) if state in CLOSED), len(states))
        assert len(set(states[closed:])) <= 1

    @invariant()
    def every_act_of_the_person_is_applied_or_refused_once(self) -> None:
        outcomes = Counter(fact.act_id for fact in self.facts if isinstance(fact, MessageAdded | RequestWithdrawn))
        outcomes += Counter(fact.act_id for fact in self.facts if isinstance(fact, ActRefused) and fact.command is None)
        acts = [record.id for record in self.records if record.topic == topics.INTAKE]
        assert outcomes == Counter(acts)

    @invariant()
    def every_fact_says_in_which_language_and_about_what_the_request_was_filed(self) -> None:
        filed = submitted().event
        about = {(fact.language, fact.subject, fact.reason) for fact in self.facts}
        assert about == {(filed.language, filed.subject, filed.reason)}

    @invariant()
    def an_answer_concludes_or_says_until_when_the_person_may_reply(self) -> None:
        for answer, following in zip(self.facts, [*self.facts[1:], None], strict=True):
            if isinstance(answer, RequestAnswered):
                assert answer.concludes == (answer.reply_until is None)
                assert not answer.concludes or isinstance(following, RequestConcluded)

    @invariant()
    def a_conclusion_without_a_command_has_lapsed_after_the_last_day_for_a_reply(self) -> None:
        for before, fact in pairwise(self.facts):
            if isinstance(fact, RequestConcluded):
                assert fact.lapsed == (not isinstance(before, RequestAnswered) or not before.concludes)
                last_days = [each.reply_until for each in self.facts if isinstance(each, RequestAnswered)]
                assert not fact.lapsed or max(filter(None, last_days)) < day_of(fact.occurred_at)

    @invariant()
    def only_an_answered_request_has_a_timer(self) -> None:
        assert bool(request.timers(self.request)) == (self.request.state is State.ANSWERED)


def _fact(entry: OutboxEntry) -> LifecycleFact:
    fact = events_of(entry.topic)[entry.headers["ce_type"]].model_validate_json(entry.value)
    assert isinstance(fact, LifecycleFact)
    return fact


TestAnyLife = AnyLife.TestCase
