"""Acts on filed requests: each is applied or refused once, and its author sees the outcome."""

from collections.abc import Iterator
from typing import Final

from deploy.verification.evidence import MESSAGE, REOPENING, Act, Record, Submission
from deploy.verification.expectations import is_internal
from deploy.verification.history import History, repeated
from deploy.verification.verdicts import Clause, Harm, Violation, clause
from services.common.contracts.departments import AssignmentUpdated
from services.common.contracts.handling import RequestRated, RequestReopened
from services.common.contracts.lifecycle import ActRefused, MessageAdded, RequestAnswered, RequestWithdrawn, State
from services.common.legal_clock import end_of

NOBODY_ANSWERS: Final = frozenset({State.WITHDRAWN, State.REJECTED})
"""States in which a message is refused. On an answered or concluded request it is refused after the window to come back."""

OF_ACTS: Final = (MessageAdded, RequestWithdrawn, RequestReopened, RequestRated, ActRefused)
"""The facts that an act of a person causes."""

WORDS: Final = frozenset({MESSAGE, REOPENING})
"""Kinds of acts that say something to the department."""


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
    """With its text, its files, and what they are for. A refused one is kept too, so that its author can carry it over."""
    for key, submission, act in _acts(history):
        for event in (record.event for record in _effects(history, key, act)):
            if not isinstance(event, MessageAdded | ActRefused) or act.kind not in WORDS:
                continue
            items = {each.item: each.documents for each in event.items} if isinstance(event, MessageAdded) else None
            kept = event.text == act.text and event.documents == act.documents
            if not kept or (items is not None and items != {item: tuple(act.items[item]) for item in act.items}):
                yield Violation(f"{submission.name}: a {act.kind} was changed", key)


@clause(Harm.LOST)
def messages_are_refused_only_where_nobody_answers(history: History) -> Iterator[Violation]:
    for key, submission, act in _acts(history):
        for event in (record.event for record in _effects(history, key, act)):
            if isinstance(event, ActRefused) and act.kind == MESSAGE and not _nobody_answers(history, key, event):
                yield Violation(f"{submission.name}: a message was refused in {event.state}", key)


def _nobody_answers(history: History, key: str, refused: ActRefused) -> bool:
    windows = [each.reply_until for each in history.events(key, RequestAnswered) if each.seq < refused.seq]
    until = windows[-1] if windows else None
    too_late = until is not None and refused.occurred_at >= end_of(until)
    return refused.state in NOBODY_ANSWERS or too_late


@clause(Harm.LOST)
def every_rating_is_kept_whole(history: History) -> Iterator[Violation]:
    """The first one of a request: with its score and words."""
    for key, submission, act in _acts(history):
        for event in (record.event for record in _effects(history, key, act)):
            if isinstance(event, RequestRated) and (event.score, event.text) != (act.score, act.text):
                yield Violation(f"{submission.name}: a rating was changed", key)


@clause(Harm.DOUBLED)
def every_request_is_rated_once(history: History) -> Iterator[Violation]:
    for key, submission in history.by_request.items():
        if (times := len(history.about(key, RequestRated))) > 1:
            yield Violation(f"{submission.name}: rated {times} times", key)


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
        for record in history.about(key, *OF_ACTS):
            event = record.event
            assert isinstance(event, OF_ACTS)
            if event.act_id not in known and not is_internal(event):
                yield Violation(f"{submission.name}: {record.type} of an act that nobody made", key)


@clause(Harm.LOST)
def departments_get_every_message(history: History) -> Iterator[Violation]:
    """With its exact text."""
    for key, submission in history.by_request.items():
        messages = {
            (message.seq, message.text, message.documents)
            for update in history.events(key, AssignmentUpdated)
            for message in update.messages
        }
        for event in history.events(key, MessageAdded):
            if (event.seq, event.text, event.documents) not in messages:
                yield Violation(f"{submission.name}: its department never got a message", key)


CLAUSES: Final[tuple[Clause, ...]] = (
    every_acknowledged_act_is_applied_or_refused,
    every_message_is_kept_whole,
    messages_are_refused_only_where_nobody_answers,
    every_rating_is_kept_whole,
    every_request_is_rated_once,
    every_act_takes_effect_once,
    authors_see_the_outcome_of_every_act,
    no_act_takes_effect_that_nobody_made,
    departments_get_every_message,
)
