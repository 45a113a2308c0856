"""Every request is registered, once, in its own words."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Final
from uuid import UUID

from deploy.verification.evidence import Submission
from deploy.verification.history import History, repeated
from deploy.verification.verdicts import Clause, Harm, Violation, clause
from services.common.contracts.departments import Assignment
from services.common.contracts.lifecycle import RequestRegistered


@clause(Harm.LOST)
def everybody_is_given_a_reference(history: History) -> Iterator[Violation]:
    """Whoever tries again is told at last: also after every fault has passed, nobody is left without an answer."""
    for submission in history.submissions:
        if submission.request_id is None:
            yield Violation(f"{submission.name}: its author tried {len(submission.answers)} times and was never told")


@clause(Harm.DOUBLED)
def every_reference_is_given_once(history: History) -> Iterator[Violation]:
    for name in repeated(submission.name for submission in history.acknowledged):
        yield Violation(f"{name}: given for more than one request")


@clause(Harm.OTHER)
def nobody_gets_an_answer_that_should_not_be(history: History) -> Iterator[Violation]:
    """While an engine is away people are told so, and to come back. Nothing else may go wrong at the counter."""
    yield from map(Violation, history.unexpected_answers)


@clause(Harm.LOST)
def every_acknowledged_request_is_registered(history: History) -> Iterator[Violation]:
    for key, submission in history.by_request.items():
        if not history.about(key, RequestRegistered):
            yield Violation(f"{submission.name}: acknowledged, and never registered", key)
        elif _in_book(history, submission) != submission.request_id:
            yield Violation(f"{submission.name}: registered, and not in intake's book", key)


def _in_book(history: History, submission: Submission) -> UUID | None:
    entry = history.document("intake", submission.reference)
    return entry.state["request_id"] if entry and entry.state else None


@clause(Harm.DOUBLED)
def every_request_is_registered_once(history: History) -> Iterator[Violation]:
    """Neither twice under its id, nor under another id that nobody was given, nor in a second entry of the book."""
    by_text: defaultdict[tuple[UUID, str], set[str]] = defaultdict(set)
    for record in history.every(RequestRegistered):
        assert isinstance(record.event, RequestRegistered)
        by_text[record.event.account_id, record.event.description].add(record.key)
    for submission in history.submissions:
        keys = by_text[submission.account_id, submission.description]
        if len(keys) > 1:
            key = str(submission.request_id) if submission.request_id else None
            yield Violation(f"{submission.name}: registered under {len(keys)} ids", key)
    entries = Counter(entry.state["request_id"] for entry in history.stored.get("intake", {}).values() if entry.state)
    for request, submission in history.by_request.items():
        if (times := len(history.about(request, RequestRegistered))) > 1:
            yield Violation(f"{submission.name}: registered {times} times", request)
        if (times := entries[submission.request_id]) > 1:
            yield Violation(f"{submission.name}: {times} entries in intake's book", request)


@clause(Harm.OTHER)
def every_request_keeps_its_own_text(history: History) -> Iterator[Violation]:
    """In the register and in the inbox of its department."""
    for key, submission in history.by_request.items():
        sent = (submission.subject, submission.reason, submission.description, submission.documents)
        for record in history.about(key, RequestRegistered, Assignment):
            event = record.event
            assert isinstance(event, RequestRegistered | Assignment)
            if (event.subject, event.reason, event.description, event.documents) != sent:
                yield Violation(f"{submission.name}: its words are others on {record.topic}", key)


CLAUSES: Final[tuple[Clause, ...]] = (
    everybody_is_given_a_reference,
    every_reference_is_given_once,
    nobody_gets_an_answer_that_should_not_be,
    every_acknowledged_request_is_registered,
    every_request_is_registered_once,
    every_request_keeps_its_own_text,
)
