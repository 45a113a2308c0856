"""The life of a request: every step as the state before it allows, and an allowed end."""

from collections.abc import Iterator
from typing import Final

from deploy.verification.evidence import short
from deploy.verification.history import History
from deploy.verification.steps import ENDED, epochs, steps, waits_for_author
from deploy.verification.verdicts import Clause, Harm, Violation, clause
from services.common.contracts.asked import ItemState
from services.common.contracts.handling import RequestReopened
from services.common.contracts.lifecycle import State


@clause(Harm.LOST)
def every_stored_fact_is_published(history: History) -> Iterator[Violation]:
    """Intake numbers the facts of a request: each number up to the stored one is a published fact."""
    for key, submission in history.by_request.items():
        stored = history.document("intake", submission.reference)
        published = {record.fact.seq for record in history.life(key)}
        missing = set(range(1, stored.state["seq"] + 1)) - published if stored and stored.state else set()
        if missing:
            numbers = ", ".join(map(str, sorted(missing)))
            yield Violation(f"{submission.name}: facts {numbers} were never published", key)


@clause(Harm.LOST)
def every_request_reaches_its_end(history: History) -> Iterator[Violation]:
    """The allowed ends are known beforehand. A request is left open only while its author has something to do, and whoever comes
    back on an answer gets another one, which ends the request.
    """
    for key, submission in history.by_request.items():
        facts = history.facts(key)
        last = facts[-1].state if facts else State.RECEIVED
        came_back = any(isinstance(fact, RequestReopened) for fact in facts)
        wanted = submission.ends - {State.ANSWERED} if came_back else submission.ends
        if last not in wanted:
            yield Violation(f"{submission.name}: should be {' or '.join(sorted(wanted))}, and is {last}", key)
        elif last not in ENDED and not waits_for_author(facts):
            yield Violation(f"{submission.name}: is {last}, and its author has nothing to do", key)


@clause(Harm.DOUBLED)
def every_step_is_allowed_where_it_happens(history: History) -> Iterator[Violation]:
    """So nothing is answered, concluded or withdrawn twice, and nothing ends in two ways."""
    for key, submission in history.by_request.items():
        for step in steps(history.facts(key)):
            if not step.is_allowed:
                what = f"{short(type(step.fact))} in {step.before}, then {step.fact.state}"
                yield Violation(f"{submission.name}: {what}", key)


@clause(Harm.OTHER)
def every_epoch_begins_with_its_step(history: History) -> Iterator[Violation]:
    """A transfer, coming back, and the end of asking for documents raise the epoch by one; nothing else changes it."""
    for key, submission in history.by_request.items():
        facts = history.facts(key)
        said = [fact.epoch for fact in facts]
        if said != (expected := epochs(facts)):
            yield Violation(f"{submission.name}: its epochs are {said}, and should be {expected}", key)


@clause(Harm.LOST)
def every_asked_document_ends(history: History) -> Iterator[Violation]:
    """It is received, lapsed, or dropped by a decision, unless the request still waits for it."""
    for key, submission in history.by_request.items():
        facts = history.facts(key)
        asked = [fact.asked for fact in facts if fact.asked is not None]
        waits = bool(facts) and facts[-1].state is State.AWAITING_DOCUMENTS
        endless = (ItemState.CHECKING,) if waits else (ItemState.OPEN, ItemState.CHECKING)
        left = [item.number for item in (asked[-1] if asked else ()) if item.state in endless]
        if left:
            yield Violation(f"{submission.name}: documents {left} are still waited for", key)


CLAUSES: Final[tuple[Clause, ...]] = (
    every_stored_fact_is_published,
    every_request_reaches_its_end,
    every_step_is_allowed_where_it_happens,
    every_epoch_begins_with_its_step,
    every_asked_document_ends,
)
