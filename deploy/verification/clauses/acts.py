"""What people do with their requests afterwards: each act is applied or refused, once, and they see which."""

from collections.abc import Iterator
from typing import Final

from deploy.verification.evidence import MESSAGE, Act, Record, Submission
from deploy.verification.expectations import is_internal
from deploy.verification.history import History, repeated
from deploy.verification.verdicts import Clause, Harm, Violation, clause
from services.common.contracts.departments import AssignmentUpdated, AssignmentWithdrawn
from services.common.contracts.lifecycle import ActRefused, MessageAdded, RequestWithdrawn


def _acts(history: History) -> Iterator[tuple[str, Submission, Act]]:
    return ((key, submission, act) for key, submission in history.by_request.items() for act in submission.acts)


def _effects(history: History, key: str, act: Act) -> list[Record]:
    """The facts that were said because of the act."""
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
    """Wherever its request stands: a message is never refused."""
    for key, submission, act in _acts(history):
        effects = _effects(history, key, act)
        kept = [(each.event.text, each.event.documents) for each in effects if isinstance(each.event, MessageAdded)]
        if act.kind == MESSAGE and effects and (act.text, act.documents) not in kept:
            yield Violation(f"{submission.name}: a message was not kept, or kept changed", key)


@clause(Harm.DOUBLED)
def every_act_takes_effect_once(history: History) -> Iterator[Violation]:
    """No kind of fact is said twice for an act, and none is both applied and refused."""
    for key, submission, act in _acts(history):
        kinds = [type(record.event) for record in _effects(history, key, act)]
        if repeated(kinds) or (ActRefused in kinds and len(kinds) > 1):
            yield Violation(f"{submission.name}: a {act.kind} took effect {len(kinds)} times", key)


@clause(Harm.LOST)
def the_author_of_an_act_is_told(history: History) -> Iterator[Violation]:
    """What came of it stands in the view that its author reads."""
    for key, submission, act in _acts(history):
        view = history.document("gateway-views", submission.reference)
        facts = view.state["facts"].values() if view and view.state else ()
        shown = {fact["id"] for fact in facts}
        if any(record.id not in shown for record in _effects(history, key, act)):
            yield Violation(f"{submission.name}: its author does not see what came of a {act.kind}", key)


@clause(Harm.OTHER)
def nothing_happens_that_nobody_did(history: History) -> Iterator[Violation]:
    """What was never acknowledged may have happened all the same, under an id that its author was not told."""
    for key, submission in history.by_request.items():
        known = {act.act_id for act in submission.acts}
        if None in known:
            continue
        for record in history.about(key, MessageAdded, RequestWithdrawn, ActRefused):
            event = record.event
            assert isinstance(event, MessageAdded | RequestWithdrawn | ActRefused)
            if event.act_id not in known and not is_internal(event):
                yield Violation(f"{submission.name}: {record.type}, of an act that nobody did", key)


@clause(Harm.LOST)
def departments_are_told_of_every_act(history: History) -> Iterator[Violation]:
    """Of a message word for word, and of a withdrawal."""
    for key, submission in history.by_request.items():
        told = {
            (message.seq, message.text, message.documents)
            for update in history.events(key, AssignmentUpdated)
            for message in update.messages
        }
        for event in history.events(key, MessageAdded):
            if (event.seq, event.text, event.documents) not in told:
                yield Violation(f"{submission.name}: its department was never told of a message", key)
        if history.about(key, RequestWithdrawn) and not history.about(key, AssignmentWithdrawn):
            yield Violation(f"{submission.name}: its department was never told of a withdrawal", key)


@clause(Harm.DOUBLED)
def departments_are_told_of_a_withdrawal_once(history: History) -> Iterator[Violation]:
    for key, submission in history.by_request.items():
        if (times := len(history.about(key, AssignmentWithdrawn))) > 1:
            yield Violation(f"{submission.name}: its department was told of a withdrawal {times} times", key)


CLAUSES: Final[tuple[Clause, ...]] = (
    every_acknowledged_act_is_applied_or_refused,
    every_message_is_kept_whole,
    every_act_takes_effect_once,
    the_author_of_an_act_is_told,
    nothing_happens_that_nobody_did,
    departments_are_told_of_every_act,
    departments_are_told_of_a_withdrawal_once,
)
