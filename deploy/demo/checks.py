"""The clauses of the verification for people: one line for each promise, with numbers."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from deploy.verification.clauses import (
    CLAUSES,
    UNDISTURBED,
    acts,
    cases,
    departments,
    files,
    lives,
    notices,
    order,
    records,
    requests,
    special,
    terms,
    views,
)
from deploy.verification.expectations import HARMLESS, is_internal, is_notified
from deploy.verification.history import History
from deploy.verification.verdicts import Clause, Verdict, Violation
from services.common.contracts import Event
from services.common.contracts.deliveries import DeliverySent
from services.common.contracts.departments import Assignment, AssignmentCreated, CommandRejected
from services.common.contracts.lifecycle import (
    ActRefused,
    DocumentAccepted,
    RequestAnswered,
    RequestRegistered,
    RequestWithdrawn,
)

JUDGED: Final = (*CLAUSES, *UNDISTURBED)


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the report: the checked numbers, and every violation in words, with its reference."""

    name: str
    counts: str
    harms: Sequence[str] = ()

    @property
    def passed(self) -> bool:
        return not self.harms


def checks(history: History, verdicts: Sequence[Verdict]) -> list[Check]:
    """The verdicts on all clauses of `JUDGED`, grouped by promise."""
    violations = {verdict.clause: verdict.violations for verdict in verdicts}
    return [
        _check(promise, history, [each for clause in promise.clauses for each in violations[clause]])
        for promise in PROMISES
    ]


def _check(promise: "Promise", history: History, violations: Sequence[Violation]) -> Check:
    harms = tuple(dict.fromkeys(violation.what for violation in violations))
    return Check(promise.name, promise.counts(history, violations), harms)


def _number(history: History, *kinds: type[Event]) -> int:
    return sum(len(history.about(key, *kinds)) for key in history.by_request)


def _due(history: History, key: str) -> int:
    """The number of notices that are due about a request."""
    return sum(is_notified(fact) for fact in history.facts(key))


def _registered(history: History, _: Sequence[Violation]) -> str:
    stored = sum(entry.state is not None for entry in history.stored.get("intake", {}).values())
    return f"{len(history.acknowledged)} issued, {_number(history, RequestRegistered)} registered, {stored} stored"


def _assigned(history: History, _: Sequence[Violation]) -> str:
    inboxes = {record.topic for key in history.by_request for record in history.about(key, Assignment)}
    return f"{_number(history, AssignmentCreated)} assignments in {len(inboxes)} inboxes"


def _visible(history: History, violations: Sequence[Violation]) -> str:
    total = len(history.acknowledged)
    return f"{total - len({violation.key for violation in violations})} of {total}"


def _dates(history: History, _: Sequence[Violation]) -> str:
    said = [fact.deadline for key in history.by_request for fact in history.facts(key) if fact.deadline is not None]
    suspended = sum(bool(deadline.suspensions) for deadline in said)
    return f"{len(said)} deadlines counted again, {suspended} of them suspended"


def _acts(history: History, _: Sequence[Violation]) -> str:
    done = sum(len(submission.acts) for submission in history.acknowledged)
    refused = [each for key in history.by_request for each in history.events(key, ActRefused) if not is_internal(each)]
    return f"{done} done, {len(_applied(history))} applied, {len(refused)} refused"


def _applied(history: History) -> frozenset[str]:
    """The acts that changed a request: coming back may give two facts."""
    applied = [fact for key in history.by_request for fact in history.facts(key) if isinstance(fact, acts.OF_ACTS)]
    return frozenset(fact.act_id for fact in applied if not isinstance(fact, ActRefused))


def _notices(history: History, _: Sequence[Violation]) -> str:
    due, sent = sum(_due(history, key) for key in history.by_request), _number(history, DeliverySent)
    return f"{due} due, {sent} sent, {len(history.mails)} mails"


def _files(history: History, _: Sequence[Violation]) -> str:
    total = whole = 0
    for key, submission in history.by_request.items():
        arrived = {(event.document_id, event.sha256) for event in history.events(key, DocumentAccepted)}
        expected = files.expected_files(history, submission)
        total += len(expected)
        whole += sum((file.document_id, file.sha256) in arrived for file in expected)
    return f"{whole} of {total}"


def _special(history: History, _: Sequence[Violation]) -> str:
    linked = sum(
        each.linked is not None for key in history.by_request for each in history.events(key, RequestRegistered)
    )
    leaves = special.sick_leaves(history)
    told = sum(len(special.notices(history, each)) for each in leaves)
    employers = "employer" if told == 1 else "employers"
    reports = len(list(special.restricted(history)))
    return f"{reports} reports, {linked} linked, {len(leaves)} leaves, {told} {employers} told"


def _dead_letters(history: History, _: Sequence[Violation]) -> str:
    return f"{len(history.records)} records, {len(history.dead_letters)} dead letters"


class Promise(NamedTuple):
    """A promise, the clauses that check it, and the function for its numbers."""

    name: str
    clauses: Sequence[Clause]
    counts: Callable[[History, Sequence[Violation]], str]


PROMISES: Final = (
    Promise("Registered exactly once", requests.CLAUSES, _registered),
    Promise("Each department its own", (*departments.CLAUSES, *cases.CLAUSES), _assigned),
    Promise("Answered, concluded, visible", (*lives.CLAUSES, *views.CLAUSES), _visible),
    Promise("Every date explained", terms.CLAUSES, _dates),
    Promise("Every act decided once", acts.CLAUSES, _acts),
    Promise("Every notice sent once", (*notices.CLAUSES, *UNDISTURBED), _notices),
    Promise("Every attachment whole", files.CLAUSES, _files),
    Promise("Special paths kept", special.CLAUSES, _special),
    Promise("In order, no dead letters", (*order.CLAUSES, *records.CLAUSES), _dead_letters),
)


def summary(history: History) -> str:
    """Numbers of requests by state. A request counts as notified when all its due mails were sent."""
    mails = Counter(mail.reference for mail in history.mails)
    due = {submission.name: _due(history, key) for key, submission in history.by_request.items()}

    def reached(kind: type[Event]) -> int:
        return sum(bool(history.about(key, kind)) for key in history.by_request)

    withdrawn = reached(RequestWithdrawn)
    numbers = {
        "filed": len(history.acknowledged),
        "registered": reached(RequestRegistered),
        "answered": reached(RequestAnswered),
        **({"withdrawn": withdrawn} if withdrawn else {}),
        "notified": sum(0 < number <= mails[name] for name, number in due.items()),
    }
    return ", ".join(f"{number} {word}" for word, number in numbers.items())


def refusals(history: History) -> list[str]:
    """One sentence for each code with which commands were rejected: how often, and whether that is correct."""
    codes = Counter(event.code for key in history.by_request for event in history.events(key, CommandRejected))
    return [
        f"{number} × intake rejected an answer as {code!r}, which is correct: {HARMLESS[code]}."
        if code in HARMLESS
        else f"{number} × a command of a department was rejected as {code!r}: that should not happen here."
        for code, number in sorted(codes.items())
    ]
