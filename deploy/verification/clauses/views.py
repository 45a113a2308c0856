"""What people see equals what intake stores and publishes."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from deploy.verification.evidence import Page, Submission, TimelineEntry, short
from deploy.verification.expectations import case_key, is_internal
from deploy.verification.history import History
from deploy.verification.verdicts import Clause, Harm, Violation, clause
from services.common.contracts.deliveries import DeliveryFact
from services.common.contracts.departments import Assignment, AssignmentClosed
from services.common.contracts.lifecycle import RequestAnswered, State


@clause(Harm.OTHER)
def views_equal_the_stored_requests(history: History) -> Iterator[Violation]:
    """At the end a view has the same state, the same facts under their numbers, and the request's own text."""
    for key, submission in history.by_request.items():
        stored = history.document("intake", submission.reference)
        view = history.document("gateway-views", submission.reference)
        if stored is None or stored.state is None:
            continue
        if view is None or view.state is None:
            yield Violation(f"{submission.name}: has no view", key)
            continue
        for difference in _differences(history, key, submission, stored.state, view.state):
            yield Violation(f"{submission.name}: {difference}", key)


def _differences(
    history: History, key: str, submission: Submission, stored: Mapping[str, Any], view: Mapping[str, Any]
) -> Iterator[str]:
    if view["state"] != stored["state"]:
        yield f"is {stored['state']} in intake's store, but {view['state']} in the view"
    facts = {int(seq): fact["id"] for seq, fact in view["facts"].items()}
    if sorted(facts) != list(range(1, stored["seq"] + 1)):
        yield f"has {stored['seq']} facts in intake's store, and the view has {', '.join(map(str, sorted(facts)))}"
    if {record.fact.seq: record.id for record in history.life(key)} != facts:
        yield "the facts in the view are not the published ones"
    if view["description"] != submission.description or view["department"] != stored["department"]:
        yield "the view has another text or department"


@clause(Harm.OTHER)
def authors_see_everything_that_happened(history: History) -> Iterator[Violation]:
    """The gateway's answers contain the state, all facts and notices, the outcome of every act, and the answer."""
    if history.pages is None:
        return
    for key, submission in history.by_request.items():
        page: Page[TimelineEntry] = history.pages.get(submission.name, Page())
        for difference in _page_differences(history, key, submission, page):
            yield Violation(f"{submission.name}: {difference}", key)


def _page_differences(history: History, key: str, submission: Submission, page: Page[TimelineEntry]) -> Iterator[str]:
    life = history.life(key)
    last = max(life, key=lambda record: record.fact.seq).fact.state if life else State.RECEIVED
    if page.state != last:
        yield f"is {last}, but shown as {page.state}"
    published = Counter((each.fact.seq, short(type(each.fact))) for each in life if not is_internal(each.fact))
    shown = Counter((entry.seq, entry.type) for entry in page.entries if entry.seq is not None)
    if shown != published:
        yield f"{published.total()} facts to see, {shown.total()} seen"
    notices = Counter(short(type(event)) for event in history.events(key, DeliveryFact))
    shown_notices = Counter(entry.type for entry in page.entries if entry.type.startswith("delivery."))
    if shown_notices != notices:
        yield f"{notices.total()} notices to see, {shown_notices.total()} seen"
    acts = Counter(str(entry.act_id) for entry in page.entries if entry.act_id)
    effects = Counter(str(getattr(record.event, "act_id", None)) for record in life)
    for act in submission.acts:
        if acts[str(act.act_id)] != max(1, effects[str(act.act_id)]):
            yield f"its author sees a {act.kind} {acts[str(act.act_id)]} times"
    answer = short(RequestAnswered)
    if history.about(key, RequestAnswered) and not any(each.type == answer and each.text for each in page.entries):
        yield "the answer cannot be read"


@clause(Harm.OTHER)
def cases_equal_the_latest_inbox_events(history: History) -> Iterator[Violation]:
    """What each department can list is what its inbox said last."""
    for key, submission in history.by_request.items():
        events = sorted(history.events(key, Assignment), key=lambda event: event.number)
        latest = {event.department: event for event in events}
        for department, last in latest.items():
            case = history.document("gateway-desk", case_key(department, key))
            if case is None or case.state is None:
                yield Violation(f"{submission.name}: {department} cannot list it", key)
            elif case.state["closed"] != isinstance(last, AssignmentClosed) or _case_of(case.state) != _case_of(
                {"assignment": last.model_dump()}
            ):
                yield Violation(f"{submission.name}: {department} can list it only as it was before", key)


def _case_of(state: Mapping[str, Any]) -> Any:
    return {name: state["assignment"][name] for name in LISTED}


LISTED: Final = ("number", "as_of", "state", "description", "because", "epoch", "hops", "overdue")
"""Fields that must be the same."""


CLAUSES: Final[tuple[Clause, ...]] = (
    views_equal_the_stored_requests,
    authors_see_everything_that_happened,
    cases_equal_the_latest_inbox_events,
)
