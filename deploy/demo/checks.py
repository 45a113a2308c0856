"""The judgement over a run, from facts alone. It knows the contracts and nothing of how they are kept."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from deploy.demo.acts import acts_judged_once
from deploy.demo.cases import Case
from deploy.demo.evidence import Mail, Page
from deploy.demo.facts import TOLD, Check, Facts, hidden, short, times
from services.common.contracts.assignments import AssignmentMade
from services.common.contracts.deliveries import DeliveryFact, DeliverySent
from services.common.contracts.departments import Assignment, AssignmentCreated, CommandRejected
from services.common.contracts.lifecycle import (
    DocumentAccepted,
    LifecycleFact,
    RequestAnswered,
    RequestConcluded,
    RequestInAnalysis,
    RequestRegistered,
    RequestRouted,
    RequestWithdrawn,
    State,
)
from services.common.domain.identifiers import derived_id
from services.common.domain.received import Received

CHANNEL: Final = "email"

ONCE: Final = (RequestRegistered, RequestRouted, RequestInAnalysis, RequestAnswered, RequestConcluded)
"""What happens to every request of the demonstration, once each, unless its author withdraws it in time."""

ONCE_IF_WITHDRAWN: Final = (RequestRegistered, RequestWithdrawn)
NEVER_IF_WITHDRAWN: Final = (RequestAnswered, RequestConcluded)

HARMLESS: Final[Mapping[str, str]] = {
    "stale": "the department had not seen a file or a message yet; it was told, and answered again",
    "not-allowed": "the request was concluded already, or withdrawn by its author",
}
"""Codes with which intake may refuse what a department says though all goes well, and why."""


def judge(facts: Facts) -> list[Check]:
    return [check(facts) for check in CHECKS]


def registered_once(facts: Facts) -> Check:
    """Every reference issued is registered exactly once, and nothing beside it."""
    booked = Counter(facts.evidence.booked)
    by_reference = Counter(reference for reference, _ in facts.evidence.booked)
    by_request = Counter(request_id for _, request_id in facts.evidence.booked)
    harms = [f"{name}: issued {times} times" for name, times in _repeated(case.reference for case in facts.cases)]
    if missing := facts.wanted - len(facts.cases):
        harms.append(f"{missing} requests were given no reference in time")
    total = 0
    for case in facts.cases:
        said = [each for each in facts.of(case, RequestRegistered) if each.event.reference == case.reference]
        total += len(said)
        if len(said) != 1:
            harms.append(f"{case.reference}: registered {times(len(said))}")
        entries = max(by_reference[case.reference], by_request[case.request_id])
        if entries != 1 or booked[case.reference, case.request_id] != 1:
            harms.append(f"{case.reference}: {entries} entries in intake's book, or under another name")
    harms += [f"{each.event.reference}: registered, and given to nobody" for each in _doubles(facts)]
    counts = f"{len(facts.cases)} issued, {total} registered, {len(facts.evidence.booked)} in the book"
    return Check("Registered exactly once", counts, tuple(harms))


def _doubles(facts: Facts) -> Iterator[Received[RequestRegistered]]:
    """The words of one of our cases, registered under an id that was never given out."""
    words = {(case.account_id, case.row.description) for case in facts.cases}
    for each in facts.every(RequestRegistered):
        if UUID(each.key) not in facts.ours and (each.event.account_id, each.event.description) in words:
            yield each


def each_its_own(facts: Facts) -> Check:
    """Each department got its own requests, whole, once, and nobody else's."""
    harms: list[str] = []
    inboxes: Counter[str] = Counter()
    created = 0
    for case in facts.cases:
        got = facts.of(case, Assignment)
        departments = {_department_of(each.topic) for each in got} | {each.event.department for each in got}
        departments |= {each.event.department for each in facts.of(case, AssignmentMade)}
        inboxes.update({_department_of(each.topic) for each in got})
        if departments != {case.row.department}:
            given = ", ".join(sorted(departments)) or "nobody"
            harms.append(f"{case.reference}: is for {case.row.department}, went to {given}")
        new = facts.of(case, AssignmentCreated)
        created += len(new)
        if len(new) != 1:
            harms.append(f"{case.reference}: assigned {times(len(new))}")
        harms += [
            f"{case.reference}: reached {case.row.department} changed" for each in new if _differs(case, each.event)
        ]
        refusals = {each.event.code for each in facts.of(case, CommandRejected)} - HARMLESS.keys()
        harms += [f"{case.reference}: its department was refused as {code}" for code in sorted(refusals)]
    return Check("Each department its own", f"{created} assignments in {len(inboxes)} inboxes", tuple(harms))


def _differs(case: Case, got: Assignment) -> bool:
    filed = (case.row.subject, case.row.reason, case.row.description, case.documents)
    return (got.subject, got.reason, got.description, got.documents) != filed


def answered_and_visible(facts: Facts) -> Check:
    """Every request was answered and concluded, unless its author withdrew it, and its author sees all of it."""
    harms: list[str] = []
    visible = 0
    for case in facts.cases:
        page = facts.page(case)
        found = [*_wrong_life(facts, case), *_wrong_page(facts, case, page)]
        visible += not found
        harms += [f"{case.reference}: {each}" for each in found]
    return Check("Answered, concluded, visible", f"{visible} of {len(facts.cases)}", tuple(harms))


def _wrong_life(facts: Facts, case: Case) -> Iterator[str]:
    """Intake alone has one order: no number is missing, none is taken twice."""
    life = facts.of(case, LifecycleFact)
    if sorted(each.event.seq for each in life) != list(range(1, len(life) + 1)):
        yield "its facts are not numbered 1, 2, 3, …"
    kinds = Counter(type(each.event) for each in life)
    gone = bool(facts.of(case, RequestWithdrawn))
    for kind in ONCE_IF_WITHDRAWN if gone else ONCE:
        if kinds[kind] != 1:
            yield f"{short(kind)} {times(kinds[kind])}"
    for kind in NEVER_IF_WITHDRAWN if gone else ():
        if kinds[kind]:
            yield f"withdrawn, and yet {short(kind)}"


def _wrong_page(facts: Facts, case: Case, page: Page) -> Iterator[str]:
    gone = bool(facts.of(case, RequestWithdrawn))
    if page.state != (State.WITHDRAWN if gone else State.CONCLUDED):
        yield f"shown as {page.state}"
    said = {(each.event.seq, short(type(each.event))) for each in facts.of(case, LifecycleFact) if not hidden(each)}
    shown = Counter((entry.seq, entry.type) for entry in page.entries if entry.seq is not None)
    if shown != Counter(said):
        yield f"{len(said)} facts to see, {shown.total()} seen"
    notices = len(facts.of(case, *TOLD))
    seen = sum(entry.type == short(DeliverySent) for entry in page.entries)
    if seen != notices:
        yield f"{notices} notices to see, {seen} seen"
    if not gone and not any(entry.type == short(RequestAnswered) and entry.text for entry in page.entries):
        yield "the answer cannot be read"


def notified_once(facts: Facts) -> Check:
    """For every fact to be told: one mail, to the right person, and one `delivery.sent`."""
    harms: list[str] = []
    mails: dict[str, list[Mail]] = {}
    for mail in facts.evidence.mails:
        mails.setdefault(mail.reference, []).append(mail)
    due = sent = left = 0
    for case in facts.cases:
        expected = {_delivery_of(each) for each in facts.of(case, *TOLD)}
        said = facts.of(case, DeliveryFact)
        got = mails.get(case.reference, [])
        due, left = due + len(expected), left + len(got)
        sent += sum(isinstance(each.event, DeliverySent) for each in said)
        harms += [f"{case.reference}: {harm}" for harm in _wrong_notices(case, expected, said, got)]
    return Check("Every notice out once", f"{due} due, {sent} sent, {left} mails", tuple(harms))


def _delivery_of(fact: Received[Any]) -> str:
    """The id by which a notice is known, however often it is made."""
    return str(derived_id(fact.id, CHANNEL, str(fact.event.account_id)))


def _wrong_notices(
    case: Case, expected: set[str], said: Sequence[Received[DeliveryFact]], got: Sequence[Mail]
) -> Iterator[str]:
    mailed = Counter(mail.delivery_id for mail in got)
    ends = Counter(str(each.event.delivery_id) for each in said)
    for identifier in sorted(expected):
        if mailed[identifier] != 1:
            yield f"a notice: mailed {times(mailed[identifier])}"
        if ends[identifier] != 1:
            yield f"a notice: ended {times(ends[identifier])}"
    if strangers := (mailed.keys() | ends.keys()) - expected:
        yield f"{len(strangers)} notices of nothing that happened"
    for each in said:
        if not isinstance(each.event, DeliverySent):
            yield f"a notice: ended as {short(type(each.event))}"
    if any(mail.to != case.account.email for mail in got):
        yield "a mail went to somebody else"


def attachments_whole(facts: Facts) -> Check:
    """Every file reached its request, byte for byte."""
    harms: list[str] = []
    whole = total = 0
    for case in facts.cases:
        accepted = facts.of(case, DocumentAccepted)
        for file in case.files:
            about = [each.event for each in accepted if each.event.document_id == file.document_id]
            right = [event.sha256 for event in about] == [file.sha256]
            whole, total = whole + right, total + 1
            if not right:
                harms.append(f"{case.reference}: {file.name} arrived {times(len(about))}, or changed")
        if len(accepted) > len(case.files):
            harms.append(f"{case.reference}: has files that nobody sent")
    return Check("Every attachment whole", f"{whole} of {total}", tuple(harms))


def nothing_aside(facts: Facts) -> Check:
    """No record about a request ended as a dead letter, or could not be read."""
    names = {case.request_id: case.reference for case in facts.cases}
    found = [each for each in facts.evidence.aside if each.request_id in names]
    harms = tuple(f"{names[each.request_id]}: a record lies on {each.topic}" for each in found)
    return Check("Nothing set aside", f"{len(found)} dead letters", harms)


CHECKS: Final[tuple[Callable[[Facts], Check], ...]] = (
    registered_once,
    each_its_own,
    answered_and_visible,
    acts_judged_once,
    notified_once,
    attachments_whole,
    nothing_aside,
)


def _department_of(topic: str) -> str:
    return topic.split(".")[1]


def _repeated(names: Iterable[str]) -> list[tuple[str, int]]:
    return [(name, times) for name, times in Counter(names).items() if times > 1]
