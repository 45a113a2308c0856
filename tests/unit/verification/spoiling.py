"""Ways to spoil a life that went well: a registry of them by the clause that must find it, and how each is made."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from deploy.verification.evidence import WITHDRAWAL, Act, DeadLetter, Mail, Page, Record, StoredDocument, Submission
from deploy.verification.history import History
from deploy.verification.verdicts import Clause
from services.common.contracts import Event, topics
from services.common.contracts.lifecycle import ActRefused, LifecycleFact, State
from services.common.domain.position import Position
from tests.unit.verification.builders import AUTHOR, Life

Spoil = Callable[[Life], History]

SPOILED: list[tuple[Clause, Spoil]] = []

ACT: Final = "0f3a5be1-6ad1-4e19-9d5f-6f2f1c1c6f0e"
REFUSED: Final = {"act_id": ACT, "code": "not-allowed"}
POISON: Final = Position(topics.INTAKE, 3, 99)


def breaks(clause: Clause) -> Callable[[Spoil], Spoil]:
    def registered(spoil: Spoil) -> Spoil:
        SPOILED.append((clause, spoil))
        return spoil

    return registered


def extended(history: History, *more: Record) -> History:
    return replace(history, records=[*history.records, *more])


def without(history: History, *kinds: type[Event]) -> History:
    """The same history, had nothing of these kinds been said."""
    return replace(history, records=[each for each in history.records if not isinstance(each.event, kinds)])


def again(record: Record, offset: int, **changed: Any) -> Record:
    """The record as it lies there a second time."""
    place = Position(record.position.topic, record.position.partition, offset)
    return replace(record, position=place, **changed)


def changed(history: History, kind: type[Event], **fields: Any) -> History:
    """The same history, had every event of this kind said something else."""
    records = [
        replace(each, received=each.received._replace(event=each.event.model_copy(update=fields)))
        if each.received is not None and isinstance(each.event, kind)
        else each
        for each in history.records
    ]
    return replace(history, records=records)


def sent(history: History, **fields: Any) -> History:
    """The same history, had its author sent something else."""
    submission: Submission = replace(history.submissions[0], **fields)
    return replace(history, submissions=[submission, *history.submissions[1:]])


def mailed(history: History, delivery_id: str) -> History:
    """The same history, had a mail more left."""
    mail = Mail(delivery_id, AUTHOR.email, history.submissions[0].name)
    return replace(history, mails=[*history.mails, mail])


def seen(history: History, **fields: Any) -> History:
    """The same history, had its author seen something else."""
    (name, page), *_ = (history.pages or {}).items()
    other: Page[Any] = replace(page, **fields)
    return replace(history, pages={name: other})


def but(**fields: Any) -> Callable[[StoredDocument], StoredDocument]:
    return lambda stored: replace(stored, **fields)


def stating(**fields: Any) -> Callable[[StoredDocument], StoredDocument]:
    return lambda stored: replace(stored, state={**(stored.state or {}), **fields})


def amended(history: History, group: str, change: Callable[[StoredDocument], StoredDocument]) -> History:
    """The same history, had the store of `group` kept something else."""
    stored = {key: change(document) for key, document in history.stored[group].items()}
    return replace(history, stored={**history.stored, group: stored})


def refused(life: Life) -> History:
    """The life of somebody who did something that came too late."""
    life.acts = (Act(WITHDRAWAL, ACT),)
    life.fact("act", None, ActRefused, State.CONCLUDED, **REFUSED)
    life.records[-1] = replace(life.records[-1], cause=ACT)
    return life.history()


def numbered(history: History, *numbers: int) -> History:
    """The same facts with these numbers, in the order in which they were said."""
    left = iter(numbers)
    records = []
    for record in history.records:
        if record.received is not None and isinstance(record.event, LifecycleFact):
            event = record.event.model_copy(update={"seq": next(left)})
            records.append(replace(record, received=record.received._replace(event=event)))
        else:
            records.append(record)
    return replace(history, records=records)


def poisoned(history: History, *groups: str) -> History:
    """Something unreadable lies there on purpose, and these groups have set it aside."""
    letters = [DeadLetter(group, POISON, "not-json") for group in groups]
    return replace(unreadable(history), dead_letters=letters, poisoned=frozenset({POISON}))


def unreadable(history: History) -> History:
    garbage = replace(history.records[0], position=POISON, id="", received=None, digest=b"-")
    return extended(history, garbage)
