"""The report of a failed schedule: the records of the affected requests in order, together with the faults."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from deploy.local.tier import Tier
from deploy.verification.evidence import Record, StoredDocument, Submission
from deploy.verification.history import History
from deploy.verification.verdicts import Verdict
from services.common.contracts.base import TYPE_PREFIX
from tests.faults.runner import Outcome, PerformedStep

SHOWN: Final = 3
"""The number of printed violations of each clause."""

REPORTED: Final = 4
"""The number of requests whose history is printed."""

Line = tuple[datetime, str]


def rerun_command(name: str, tier: Tier) -> str:
    """The command that runs the schedule again."""
    seed, _, number = name.partition("/")
    return f'make faults ARGS="--seed {seed} --only {number} --tier {tier}"'


def outcome_report(outcome: Outcome, tier: Tier) -> str:
    """The outcome in one line; for a failed schedule also the reason and the command to run it again."""
    history, held = outcome.history, sum(verdict.held for verdict in outcome.verdicts)
    counts = f"{len(history.acknowledged)} requests, {len(history.records)} records, {len(history.mails)} mails"
    rest_seconds = "never healed" if outcome.rest_seconds is None else f"at rest {outcome.rest_seconds:.0f} s later"
    word = "held" if outcome.passed else "BROKEN"
    line = f"{word}: {held} of {len(outcome.verdicts)} clauses; {counts}; faults for {outcome.fault_seconds:.0f} s, {rest_seconds}."
    if outcome.passed:
        return line
    why = history_report(history, outcome.verdicts, outcome.done)
    return f"{line}\n\nSchedule {outcome.schedule.name} broke a promise: {rerun_command(outcome.schedule.name, tier)}\n{why}\n"


def history_report(history: History, verdicts: Sequence[Verdict], done: Sequence[PerformedStep] = ()) -> str:
    """All broken clauses with their violations, and the history of the affected requests with the faults."""
    broken = [verdict for verdict in verdicts if not verdict.held]
    lines: list[str] = []
    keys: dict[str, None] = {}
    for verdict in broken:
        lines.append(str(verdict))
        lines += [f"    {violation.what}" for violation in verdict.violations[:SHOWN]]
        lines += [f"    and {left} more"] if (left := len(verdict.violations) - SHOWN) > 0 else []
        keys |= dict.fromkeys(each.key for each in verdict.violations[:SHOWN] if each.key)
    for key in list(keys)[:REPORTED]:
        lines += ["", f"History of {history.name(key)} (request {key}):", *_life(history, key, done)]
    return "\n".join(lines)


def _life(history: History, key: str, done: Sequence[PerformedStep]) -> Iterator[str]:
    submission = history.by_request.get(key)
    if submission is not None:
        yield f"    its author wrote: {submission.description[:100]!r}"
    records = [record for record in history.records if record.key == key]
    lines = [(record.at, _record(history, record)) for record in records]
    lines += [(at, f"its author got: {answer}") for at, answer in (submission.answers if submission else ())]
    if lines:
        lines += _meanwhile(done, min(lines)[0], max(lines)[0])
    for at, text in sorted(lines):
        yield f"    {at:%H:%M:%S.%f} {text}"[: 4 + 200]
    yield from _left(history, key, submission)


def _meanwhile(done: Sequence[PerformedStep], begin: datetime, end: datetime) -> list[Line]:
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
    parts += ["(appended rerun_command by the schedule)"] if position in history.appended_again else []
    parts += ["(POISON)"] if position in history.poisoned else []
    letters = [f"{each.group}: {each.reason}" for each in history.dead_letters if each.position == position]
    parts += [f"DEAD LETTER of {', '.join(letters)}"] if letters else []
    return " ".join(parts)


def _left(history: History, key: str, submission: Submission | None) -> Iterator[str]:
    """The stored documents and the mails."""
    reference = submission.reference if submission else None
    for group, documents in history.stored.items():
        for name, document in documents.items():
            if name in (key, reference) or _about(document, key):
                yield f"    stored by {group}: {_document(document)}"
    for mail in history.mails:
        if mail.reference == reference:
            yield f"    mail {mail.delivery_id} to {mail.to}"


def _about(document: StoredDocument, key: str) -> bool:
    return document.state is not None and str(document.state.get("request_id")) == key


def _document(document: StoredDocument) -> str:
    if document.state is None:
        return f"{document.key}: nothing but {document.blocked} blocked records"
    fields = {name: document.state.get(name) for name in ("state", "status", "seq", "number", "because")}
    words = [f"{name} {value}" for name, value in fields.items() if value is not None]
    words += [f"processed {len(document.inbox)}"] if document.inbox else []
    words += [f"UNSENT {', '.join(document.unsent)}"] if document.unsent else []
    return f"{document.key}: {', '.join(words)}"
