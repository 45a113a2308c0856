"""Acts on filed requests: each is applied or refused once, and its author sees the outcome."""

from collections.abc import Iterator
from typing import Final

from deploy.verification.evidence import MESSAGE, Act, Record, Submission, short
from deploy.verification.expectations import is_internal
from deploy.verification.history import History, repeated
from deploy.verification.verdicts import Clause, Harm, Violation, clause
from services.common.contracts.departments import AssignmentClosed, AssignmentUpdated, AssignmentWithdrawn
from services.common.contracts.lifecycle import (
    ActRefused,
    MessageAdded,
    RequestConcluded,
    RequestRejected,
    RequestWithdrawn,
    State,
)

CLOSED: Final = frozenset({State.CONCLUDED, State.WITHDRAWN, State.REJECTED})
"""States in which a message is refused."""

ENDS: Final = (RequestConcluded, RequestRejected, RequestWithdrawn)


def _acts(history: History) -> Iterator[tuple[str, Submission, Act]]:
    return ((key, submission, act) for key, submission in history.by_request.items() for act in submission.acts)


def _effects(history: History, key: str, act: Act) -> list[Record]:
    """The facts that the act caused."""
    return [record for record in history.life(key) if record.cause == act.act_id]


@clause(Harm.LOST)
def every_acknowledged_act_is_applied_or_refused(history: History) -> Iterator[Violation]:
    for key, submission, act in _acts(history):
        if act.act_id is None:
            yield Violation(f"{submission.name}: a {act.kind} was never acknowledged", key)
        elif not _effects(history, key, act):
            yield Violation(f"{submission.name}: a {act.kind} was acknowledged, and had no effect", key)


@clause(Harm.LOST)
def every_message_is_kept_whole(history: History) -> Iterator[Violation]:
    """Unless the request was closed: then it is refused, because nobody would answer it."""
    for key, submission, act in _acts(history):
        effects = [record.event for record in _effects(history, key, act)]
        kept = [(event.text, event.documents) for event in effects if isinstance(event, MessageAdded)]
        closed = any(isinstance(event, ActRefused) and event.state in CLOSED for event in effects)
        if act.kind == MESSAGE and effects and not closed and (act.text, act.documents) not in kept:
            yield Violation(f"{submission.name}: a message was not stored, or was changed", key)


@clause(Harm.DOUBLED)
def every_act_takes_effect_once(history: History) -> Iterator[Violation]:
    """An act causes no fact twice, and is not both applied and refused."""
    for key, submission, act in _acts(history):
        kinds = [type(record.event) for record in _effects(history, key, act)]
        if repeated(kinds) or (ActRefused in kinds and len(kinds) > 1):
            yield Violation(f"{submission.name}: a {act.kind} took effect {len(kinds)} times", key)


@clause(Harm.LOST)
def authors_see_the_outcome_of_every_act(history: History) -> Iterator[Violation]:
    """The facts that an act caused are in the view of its author."""
    for key, submission, act in _acts(history):
        view = history.document("gateway-views", submission.reference)
        facts = view.state["facts"].values() if view and view.state else ()
        shown = {fact["id"] for fact in facts}
        if any(record.id not in shown for record in _effects(history, key, act)):
            yield Violation(f"{submission.name}: its author does not see the outcome of a {act.kind}", key)


@clause(Harm.OTHER)
def no_act_takes_effect_that_nobody_made(history: History) -> Iterator[Violation]:
    """Skips requests with an unacknowledged act: it may have taken effect with an id that its author does not know."""
    for key, submission in history.by_request.items():
        known = {act.act_id for act in submission.acts}
        if None in known:
            continue
        for record in history.about(key, MessageAdded, RequestWithdrawn, ActRefused):
            event = record.event
            assert isinstance(event, MessageAdded | RequestWithdrawn | ActRefused)
            if event.act_id not in known and not is_internal(event):
                yield Violation(f"{submission.name}: {record.type} of an act that nobody made", key)


@clause(Harm.LOST)
def departments_get_every_act(history: History) -> Iterator[Violation]:
    """The exact text of every message, every withdrawal, and every end."""
    for key, submission in history.by_request.items():
        messages = {
            (message.seq, message.text, message.documents)
            for update in history.events(key, AssignmentUpdated)
            for message in update.messages
        }
        for event in history.events(key, MessageAdded):
            if (event.seq, event.text, event.documents) not in messages:
                yield Violation(f"{submission.name}: its department never got a message", key)
        if history.about(key, RequestWithdrawn) and not history.about(key, AssignmentWithdrawn):
            yield Violation(f"{submission.name}: its department never got a withdrawal", key)
        if history.about(key, *ENDS) and not history.about(key, AssignmentClosed):
            yield Violation(f"{submission.name}: its department never got its end", key)


@clause(Harm.DOUBLED)
def departments_get_an_end_once(history: History) -> Iterator[Violation]:
    for key, submission in history.by_request.items():
        for kind in (AssignmentWithdrawn, AssignmentClosed):
            if (times := len(history.about(key, kind))) > 1:
                yield Violation(f"{submission.name}: its department got {short(kind)} {times} times", key)


CLAUSES: Final[tuple[Clause, ...]] = (
    every_acknowledged_act_is_applied_or_refused,
    every_message_is_kept_whole,
    every_act_takes_effect_once,
    authors_see_the_outcome_of_every_act,
    no_act_takes_effect_that_nobody_made,
    departments_get_every_act,
    departments_get_an_end_once,
)
