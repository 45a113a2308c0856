"""Ways to spoil a correct life: a registry by the clause that must find it, and functions to build them."""

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
    """The history without all events of these kinds."""
    return replace(history, records=[each for each in history.records if not isinstance(each.event, kinds)])


def again(record: Record, offset: int, **changed: Any) -> Record:
    """A second copy of the record at another offset."""
    place = Position(record.position.topic, record.position.partition, offset)
    return replace(record, position=place, **changed)


def changed(history: History, kind: type[Event], **fields: Any) -> History:
    """The history with other fields in every event of this kind."""
    records = [
        replace(each, received=each.received._replace(event=each.event.model_copy(update=fields)))
        if each.received is not None and isinstance(each.event, kind)
        else each
        for each in history.records
    ]
    return replace(history, records=records)


def sent(history: History, **fields: Any) -> History:
    """The history with another submission of the author."""
    submission: Submission = replace(history.submissions[0], **fields)
    return replace(history, submissions=[submission, *history.submissions[1:]])


def mailed(history: History, delivery_id: str) -> History:
    """The history with one more mail."""
    mail = Mail(delivery_id, AUTHOR.email, history.submissions[0].name)
    return replace(history, mails=[*history.mails, mail])


def seen(history: History, **fields: Any) -> History:
    """The history with another page of the author."""
    (name, page), *_ = (history.pages or {}).items()
    other: Page[Any] = replace(page, **fields)
    return replace(history, pages={name: other})


def with_fields(**fields: Any) -> Callable[[StoredDocument], StoredDocument]:
    return lambda stored: replace(stored, **fields)


def with_state(**fields: Any) -> Callable[[StoredDocument], StoredDocument]:
    return lambda stored: replace(stored, state={**(stored.state or {}), **fields})


def amended(history: History, group: str, change: Callable[[StoredDocument], StoredDocument]) -> History:
    """The history with other documents in the store of `group`."""
    stored = {key: change(document) for key, document in history.stored[group].items()}
    return replace(history, stored={**history.stored, group: stored})


def refused(life: Life, state: State = State.CONCLUDED, **said: Any) -> History:
    """A life with a withdrawal that came too late and was refused. `said`: what another act said, as the refusal repeats it."""
    life.acts = (*life.acts, Act(WITHDRAWAL, ACT))
    life.fact("act", None, ActRefused, state, **REFUSED, **said)
    life.records[-1] = replace(life.records[-1], cause=ACT)
    return life.history()


def numbered(history: History, *numbers: int) -> History:
    """The history with these numbers for its facts, in the order of publication."""
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
    """The history with an unreadable record that was appended on purpose, and that these groups dead-lettered."""
    letters = [DeadLetter(group, POISON, "not-json") for group in groups]
    return replace(unreadable(history), dead_letters=letters, poisoned=frozenset({POISON}))


def unreadable(history: History) -> History:
    garbage = replace(history.records[0], position=POISON, id="", received=None, digest=b"-")
    return extended(history, garbage)
