"""Requests that take a path of their own: reports, questions about other requests, and ends of sick leaves."""

from collections.abc import Iterator, Sequence
from typing import Final

from deploy.verification.evidence import Mail, Submission
from deploy.verification.history import History
from deploy.verification.verdicts import Clause, Harm, Violation, clause
from services.common.catalogue import catalogue
from services.common.contracts.assignments import AssignmentMade
from services.common.contracts.commands import Command
from services.common.contracts.decisions import Outcome
from services.common.contracts.departments import Assignment
from services.common.contracts.employers import SickLeaveEnded
from services.common.contracts.handling import RequestForwarded
from services.common.contracts.lifecycle import RequestAnswered, RequestRegistered

SICK_LEAVE: Final = ("DOE-02", "CES")
PASSAGE: Final = 6
"""So many words in a row are a passage of a text: fewer may be in any text."""


def restricted(history: History) -> Iterator[Submission]:
    """The requests that nobody but their author may read."""
    for key, submission in history.by_request.items():
        if any(event.restricted_to is not None for event in history.events(key, RequestRegistered)):
            yield submission


def departments_of(history: History, submission: Submission) -> frozenset[str]:
    """The departments that had the request."""
    made = {each.department for each in history.events(submission.request_id, AssignmentMade)}
    return frozenset(made | {each.department for each in history.events(submission.request_id, RequestForwarded)})


def mails_with_words(history: History, submission: Submission) -> Sequence[Mail]:
    """The mails to the author that have a passage of the request's words."""
    passages = _passages(submission.description)
    own = {mail: " ".join(mail.text.split()) for mail in history.mails if mail.to == submission.email}
    return [mail for mail, text in own.items() if any(passage in text for passage in passages)]


def _passages(text: str) -> Sequence[str]:
    words = text.split()
    return [" ".join(words[first : first + PASSAGE]) for first in range(max(1, len(words) - PASSAGE + 1))]


def sick_leaves(history: History) -> list[Submission]:
    """The requests to end a sick leave."""
    return [each for each in history.acknowledged if (each.subject, each.reason) == SICK_LEAVE]


def notices(history: History, submission: Submission) -> Sequence[SickLeaveEnded]:
    """What the department told employers because of the request: it names its own command as the cause."""
    commands = {record.id for record in history.about(submission.request_id, Command)}
    return [
        record.event
        for record in history.every(SickLeaveEnded)
        if record.cause in commands and isinstance(record.event, SickLeaveEnded)
    ]


def outcome_of(history: History, submission: Submission) -> Outcome | None:
    """What was decided last; None before."""
    answers = [fact for fact in history.facts(submission.request_id) if isinstance(fact, RequestAnswered)]
    return answers[-1].outcome if answers else None


@clause(Harm.OTHER)
def the_words_of_a_report_reach_its_departments_alone(history: History) -> Iterator[Violation]:
    """No other department's inbox has them, and no mail has a passage of them."""
    for submission in restricted(history):
        own = departments_of(history, submission)
        for record in history.every(Assignment):
            event = record.event
            assert isinstance(event, Assignment)
            if event.description == submission.description and record.topic.split(".")[1] not in own:
                yield Violation(f"{submission.name}: its words are on {record.topic}", str(submission.request_id))
        if mails_with_words(history, submission):
            yield Violation(f"{submission.name}: a mail has its words", str(submission.request_id))


@clause(Harm.OTHER)
def a_question_goes_to_the_department_that_has_its_request(history: History) -> Iterator[Violation]:
    """As its author saw it: the department that the question names, which had the request."""
    for key, submission in history.by_request.items():
        for event in history.events(key, RequestRegistered):
            asked = event.linked
            if asked is None or asked.department is None or not catalogue().reasons[event.reason].ongoing:
                continue
            first = {each.department for each in history.events(key, AssignmentMade)}
            if first - {asked.department}:
                went_to = ", ".join(sorted(first))
                yield Violation(
                    f"{submission.name}: {asked.department} has {asked.reference}, it went to {went_to}", key
                )
            for other in history.acknowledged:
                if other.reference == asked.reference and asked.department not in departments_of(history, other):
                    yield Violation(f"{submission.name}: {asked.department} never had {asked.reference}", key)


@clause(Harm.LOST)
def an_employer_is_told_of_each_leave_that_ended(history: History) -> Iterator[Violation]:
    for submission in sick_leaves(history):
        if outcome_of(history, submission) is Outcome.GRANTED and not notices(history, submission):
            yield Violation(f"{submission.name}: the leave ended, and no employer was told", str(submission.request_id))


@clause(Harm.DOUBLED)
def no_employer_is_told_twice_or_of_a_leave_that_did_not_end(history: History) -> Iterator[Violation]:
    for submission in sick_leaves(history):
        outcome, told = outcome_of(history, submission), len(notices(history, submission))
        if told > int(outcome is Outcome.GRANTED):
            what = f"{submission.name}: was decided as {outcome}, and employers were told {told} times"
            yield Violation(what, str(submission.request_id))


CLAUSES: Final[tuple[Clause, ...]] = (
    the_words_of_a_report_reach_its_departments_alone,
    a_question_goes_to_the_department_that_has_its_request,
    an_employer_is_told_of_each_leave_that_ended,
    no_employer_is_told_twice_or_of_a_leave_that_did_not_end,
)
