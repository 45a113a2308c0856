"""Every request is registered once, with its own text."""

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
def every_submission_gets_a_reference(history: History) -> Iterator[Violation]:
    """After all faults have ended, everybody who retries gets a reference."""
    for submission in history.submissions:
        if submission.request_id is None:
            yield Violation(f"{submission.name}: its author tried {len(submission.answers)} times and got no reference")


@clause(Harm.DOUBLED)
def every_reference_is_unique(history: History) -> Iterator[Violation]:
    for name in repeated(submission.name for submission in history.acknowledged):
        yield Violation(f"{name}: issued for more than one request")


@clause(Harm.OTHER)
def nobody_gets_an_unexpected_answer(history: History) -> Iterator[Violation]:
    """While an engine is unavailable, the gateway answers that a retry is possible. Other errors must not occur."""
    yield from map(Violation, history.unexpected_answers)


@clause(Harm.LOST)
def every_acknowledged_request_is_registered(history: History) -> Iterator[Violation]:
    for key, submission in history.by_request.items():
        if not history.about(key, RequestRegistered):
            yield Violation(f"{submission.name}: acknowledged, but never registered", key)
        elif _stored_request_id(history, submission) != submission.request_id:
            yield Violation(f"{submission.name}: registered, but not in intake's store", key)


def _stored_request_id(history: History, submission: Submission) -> UUID | None:
    entry = history.document("intake", submission.reference)
    return entry.state["request_id"] if entry and entry.state else None


@clause(Harm.DOUBLED)
def every_request_is_registered_once(history: History) -> Iterator[Violation]:
    """Not twice with its id, not with another id that nobody knows, and not in a second stored document."""
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
            yield Violation(f"{submission.name}: {times} documents in intake's store", request)


@clause(Harm.OTHER)
def every_request_keeps_its_own_text(history: History) -> Iterator[Violation]:
    """In the registered fact and in the inbox topic of its department."""
    for key, submission in history.by_request.items():
        sent = (submission.subject, submission.reason, submission.description, submission.documents)
        for record in history.about(key, RequestRegistered, Assignment):
            event = record.event
            assert isinstance(event, RequestRegistered | Assignment)
            if (event.subject, event.reason, event.description, event.documents) != sent:
                yield Violation(f"{submission.name}: its text is different on {record.topic}", key)


CLAUSES: Final[tuple[Clause, ...]] = (
    every_submission_gets_a_reference,
    every_reference_is_unique,
    nobody_gets_an_unexpected_answer,
    every_acknowledged_request_is_registered,
    every_request_is_registered_once,
    every_request_keeps_its_own_text,
)
