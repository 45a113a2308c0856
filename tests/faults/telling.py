"""An offending history as a person reads it: one request's own records in order, among what was done to the system."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from deploy.local.tier import Tier
from services.common.contracts.base import TYPE_PREFIX
from tests.faults.history import Asked, Done, History, Kept, Record
from tests.faults.runner import Outcome
from tests.faults.verdicts import Verdict

SHOWN: Final = 3
"""Breaches that are printed of each broken clause; the others are counted."""

TOLD: Final = 4
"""Requests whose whole history is printed."""

Line = tuple[datetime, str]


def again(name: str, tier: Tier) -> str:
    """What to type to run the schedule of this name once more."""
    seed, _, number = name.partition("/")
    return f'make faults ARGS="--seed {seed} --only {number} --tier {tier}"'


def ending(outcome: Outcome, tier: Tier) -> str:
    """What became of a schedule, in one line; of one that failed, why and how to run it again."""
    history, held = outcome.history, sum(verdict.held for verdict in outcome.verdicts)
    counts = f"{len(history.filed)} requests, {len(history.records)} records, {len(history.mails)} mails"
    rested = "never healed" if outcome.rested is None else f"at rest {outcome.rested:.0f} s later"
    word = "held" if outcome.passed else "BROKEN"
    line = f"{word}: {held} of {len(outcome.verdicts)} clauses; {counts}; struck for {outcome.struck:.0f} s, {rested}."
    if outcome.passed:
        return line
    why = told(history, outcome.verdicts)
    return f"{line}\n\nSchedule {outcome.schedule.name} broke a promise: {again(outcome.schedule.name, tier)}\n{why}\n"


def told(history: History, verdicts: Sequence[Verdict]) -> str:
    """Every broken clause with its breaches, and the history of the requests they are about."""
    broken = [verdict for verdict in verdicts if not verdict.held]
    lines: list[str] = []
    keys: dict[str, None] = {}
    for verdict in broken:
        lines.append(str(verdict))
        lines += [f"    {offence.what}" for offence in verdict.offences[:SHOWN]]
        lines += [f"    and {left} more"] if (left := len(verdict.offences) - SHOWN) > 0 else []
        keys |= dict.fromkeys(each.key for each in verdict.offences[:SHOWN] if each.key)
    for key in list(keys)[:TOLD]:
        lines += ["", f"What is known of {history.name(key)} (request {key}):", *_life(history, key)]
    return "\n".join(lines)


def _life(history: History, key: str) -> Iterator[str]:
    asked = history.by_request.get(key)
    if asked is not None:
        yield f"    its author wrote: {asked.row.description[:100]!r}"
    records = [record for record in history.records if record.key == key]
    lines = [(record.at, _record(history, record)) for record in records]
    lines += [(at, f"its author was told: {answer}") for at, answer in (asked.told if asked else ())]
    if lines:
        lines += _meanwhile(history.done, min(lines)[0], max(lines)[0])
    for at, text in sorted(lines):
        yield f"    {at:%H:%M:%S.%f} {text}"[: 4 + 200]
    yield from _left(history, key, asked)


def _meanwhile(done: Sequence[Done], begin: datetime, end: datetime) -> list[Line]:
    return [(step.at, f"~~~ {step.what}") for step in done if begin <= step.at <= end] or [
        (step.at, f"~~~ {step.what}") for step in done
    ]


def _record(history: History, record: Record) -> str:
    position = record.position
    parts = [f"{position.topic}/{position.partition} @{position.offset}", record.type.removeprefix(TYPE_PREFIX)]
    for name in ("seq", "number", "epoch", "state", "code"):
        value = getattr(record.event, name, None)
        parts += [f"{name}={value}"] if value is not None else []
    parts += [f"id={record.id}"]
    parts += ["(appended again by the schedule)"] if record.again else []
    parts += ["(POISON)"] if position in history.poisoned else []
    letters = [f"{each.group}: {each.reason}" for each in history.letters if each.position == position]
    parts += [f"DEAD LETTER of {', '.join(letters)}"] if letters else []
    return " ".join(parts)


def _left(history: History, key: str, asked: Asked | None) -> Iterator[str]:
    """What the stores kept, and the mails that left."""
    reference = asked.reference if asked else None
    for group, documents in history.kept.items():
        for name, document in documents.items():
            if name in (key, reference) or _about(document, key):
                yield f"    kept by {group}: {_document(document)}"
    for mail in history.mails:
        if mail.reference == reference:
            yield f"    mail {mail.delivery_id} to {mail.to}"


def _about(document: Kept, key: str) -> bool:
    return document.state is not None and str(document.state.get("request_id")) == key


def _document(document: Kept) -> str:
    if document.state is None:
        return f"{document.key}: nothing but {document.blocked} blocked records"
    told = {name: document.state.get(name) for name in ("state", "status", "seq", "number", "because")}
    words = [f"{name} {value}" for name, value in told.items() if value is not None]
    words += [f"decided on {len(document.inbox)}"] if document.inbox else []
    words += [f"UNSENT {', '.join(document.unsent)}"] if document.unsent else []
    return f"{document.key}: {', '.join(words)}"
