"""Cases: the department that has a request has all of it, and one that has it no longer knows that."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from deploy.verification.history import History
from deploy.verification.steps import ENDED, steps
from deploy.verification.verdicts import Clause, Harm, Violation, clause
from services.common.contracts import topics
from services.common.contracts.departments import (
    MAX_MESSAGES,
    Assignment,
    AssignmentClosed,
    AssignmentCreated,
    AssignmentWithdrawn,
)
from services.common.contracts.handling import RequestForwarded
from services.common.contracts.lifecycle import MessageAdded, RequestRegistered, RequestWithdrawn

Turns = Counter[tuple[str, str]]
"""How often each inbox got each kind of event: by topic and kind."""

CREATED, CLOSED, WITHDRAWN = "created", "closed", "withdrawn"
KINDS: Final = ((AssignmentCreated, CREATED), (AssignmentClosed, CLOSED), (AssignmentWithdrawn, WITHDRAWN))


def expected_turns(history: History, key: str, first: str) -> Turns:
    """What the facts of a request require, if department `first` gets it at registration.

    A transfer closes it for one department and opens it for another; an end closes it; whoever reopens an ended request opens it
    again.
    """
    turns: Turns = Counter()
    inbox, ended = topics.inbox(first), False
    for step in steps(history.facts(key)):
        fact = step.fact
        if isinstance(fact, RequestRegistered):
            turns[inbox, CREATED] += 1
        if isinstance(fact, RequestForwarded):
            turns[inbox, CLOSED] += 1
            inbox = topics.inbox(fact.department)
            turns[inbox, CREATED] += 1
        if (fact.state in ENDED) != ended:
            ended = not ended
            turns[inbox, CLOSED if ended else CREATED] += 1
        turns[inbox, WITHDRAWN] += isinstance(fact, RequestWithdrawn)
    return +turns


def actual_turns(history: History, key: str) -> Turns:
    return Counter(
        (record.topic, name)
        for record in history.about(key, *(kind for kind, _ in KINDS))
        for kind, name in KINDS
        if isinstance(record.event, kind)
    )


@clause(Harm.LOST)
def every_department_gets_its_cases_and_their_ends(history: History) -> Iterator[Violation]:
    for key, submission in history.by_request.items():
        missing = expected_turns(history, key, submission.department) - actual_turns(history, key)
        for (topic, kind), times in missing.items():
            yield Violation(f"{submission.name}: {topic} lacks assignment.{kind}, {times} times", key)


@clause(Harm.DOUBLED)
def no_department_gets_a_case_or_its_end_twice(history: History) -> Iterator[Violation]:
    """Nor does one get a case that is another's."""
    for key, submission in history.by_request.items():
        extra = actual_turns(history, key) - expected_turns(history, key, submission.department)
        for (topic, kind), times in extra.items():
            yield Violation(f"{submission.name}: {topic} has assignment.{kind} {times} times too often", key)


@clause(Harm.LOST)
def whoever_gets_a_case_gets_all_of_it(history: History) -> Iterator[Violation]:
    """A new department, and one whose case is opened again: all messages, files, asked documents, and the day of entry."""
    for key, submission in history.by_request.items():
        facts = history.facts(key)
        for event in history.events(key, AssignmentCreated):
            before = [fact for fact in facts if fact.seq <= event.as_of]
            messages = [fact.seq for fact in before if isinstance(fact, MessageAdded)][-MAX_MESSAGES:]
            asked = [fact.asked for fact in before if fact.asked is not None]
            entered = [fact.entered_on for fact in before if isinstance(fact, RequestRegistered)]
            whole = ([each.seq for each in event.messages], event.asked, [event.entered_on])
            if whole != (messages, asked[-1] if asked else (), entered):
                yield Violation(f"{submission.name}: {event.department} got it without all that was known", key)


@clause(Harm.OTHER)
def inbox_events_say_where_the_request_stands(history: History) -> Iterator[Violation]:
    """The state, the epoch and the deadline of an inbox event are those after the last fact that it includes."""
    for key, submission in history.by_request.items():
        facts = history.facts(key)
        for event in history.events(key, Assignment):
            if isinstance(event, AssignmentClosed) and event.transferred_to:
                continue
            before = [fact for fact in facts if fact.seq <= event.as_of]
            deadlines = [fact.deadline for fact in before if fact.deadline is not None]
            if not before or not deadlines:
                continue
            stands = (before[-1].state, before[-1].epoch, deadlines[-1])
            if (event.state, event.epoch, event.deadline) != stands:
                yield Violation(
                    f"{submission.name}: inbox event {event.number} is not what fact {event.as_of} says", key
                )


CLAUSES: Final[tuple[Clause, ...]] = (
    every_department_gets_its_cases_and_their_ends,
    no_department_gets_a_case_or_its_end_twice,
    whoever_gets_a_case_gets_all_of_it,
    inbox_events_say_where_the_request_stands,
)
