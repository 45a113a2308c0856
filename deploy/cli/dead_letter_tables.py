"""Dead letters as tables and as JSON, without the content of their records."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from rich.table import Table

from deploy.cli.folding import Foldable
from deploy.cli.printing import ago, count, escape, printable, table
from deploy.operator.dead_letters import DeadLetter
from deploy.operator.plan import LetterQueue, SkippedQueue, refusal
from deploy.operator.service_stores import BlockedDocument

T = TypeVar("T")

MOST_ROWS: Final = 20
"""On a terminal, so that the first lines do not scroll away."""


def by_group(chosen: Sequence[DeadLetter]) -> Table:
    rows: dict[tuple[str, str, str], list[DeadLetter]] = {}
    for letter in chosen:
        rows.setdefault((letter.group, letter.position.topic, letter.reason), []).append(letter)
    rendered = table("group", "topic", "records", "oldest", "reason", right=("records", "oldest"))
    for (group, topic, reason), letters in sorted(rows.items()):
        oldest = min(letter.at for letter in letters)
        rendered.add_row(escape(group), escape(topic), str(len(letters)), ago(oldest), _code(reason))
    return rendered


def one_by_one(chosen: Sequence[DeadLetter]) -> Table:
    rendered = table("letter", "age", "reason", right=("age",))
    for letter in _visible(chosen):
        rendered.add_row(escape(letter.id), ago(letter.at), _code(letter.reason))
    _add_hidden_count(rendered, len(chosen), 3)
    return rendered


def blocked(queues_of_documents: Sequence[LetterQueue]) -> Table:
    """The blocked documents, each with the reason of the first record that it waits for."""
    rendered = table("group", "blocked", "records", "since", "first reason", right=("records", "since"))
    rows = [(document, queue) for queue in queues_of_documents for document in queue.documents]
    for document, queue in _visible(rows):
        first = document.records[0]
        reason = next((each.reason for each in queue.letters if each.position == first.position), "")
        rendered.add_row(
            escape(document.group), escape(document.key), str(len(document.records)), ago(first.at), _code(reason)
        )
    _add_hidden_count(rendered, len(rows), 5)
    return rendered


def queues(planned: Sequence[LetterQueue]) -> Table:
    """The queues that would be redriven, one in each row."""
    rendered = table("group", "what", "records", "oldest", "reason", right=("records", "oldest"))
    for queue in _visible(planned):
        first = queue.first
        rendered.add_row(
            escape(first.group), escape(name_of(queue)), str(len(queue.letters)), ago(first.at), _code(first.reason)
        )
    _add_hidden_count(rendered, len(planned), 5)
    return rendered


def left(rows: Sequence[SkippedQueue]) -> Sequence[Table]:
    """The queues that were not redriven or discarded: those that were tried, and those that were skipped.

    Queues of one group with the same reason are one row.
    """
    return [
        _left(heading, own)
        for heading, tried in (("tried", True), ("skipped", False))
        if (own := [each for each in rows if each.tried is tried])
    ]


def _left(heading: str, rows: Sequence[SkippedQueue]) -> Table:
    by_reason: dict[tuple[str, str], list[LetterQueue]] = {}
    for each in rows:
        by_reason.setdefault((each.queue.first.group, each.reason), []).append(each.queue)
    rendered = table("group", heading, "records", "why", right=("records",))
    for (group, reason), own in _visible(list(by_reason.items())):
        name, more = escape(name_of(own[0])), f"\nand {len(own) - 1} more" if len(own) > 1 else ""
        records = sum(len(queue.letters) for queue in own)
        rendered.add_row(escape(group), f"{name}{more}", str(records), _code(reason))
    _add_hidden_count(rendered, len(by_reason), 4)
    return rendered


def name_of(queue: LetterQueue) -> str:
    """The key of the document that waits; without one, the position of the record."""
    if queue.documents:
        first = queue.documents[0].key
        return first if len(queue.documents) == 1 else f"{first} and {len(queue.documents) - 1} more"
    return position_text(queue.first)


def position_text(letter: DeadLetter) -> str:
    position = letter.position
    return f"{position.topic}/{position.partition}/{position.offset}"


def details(letter: DeadLetter, queue: LetterQueue | None, *, ended: bool) -> Table:
    """Everything about a dead letter except its content."""
    rendered = Table.grid(padding=(0, 2, 0, 0))
    rendered.add_column(no_wrap=True, style="bold")
    rendered.add_column()
    rows = [
        ("letter", letter.id),
        ("group", letter.group),
        ("record", f"{letter.position.topic}, partition {letter.position.partition}, offset {letter.position.offset}"),
        ("appended", _moment(letter.at)),
        ("dead-lettered", _moment(letter.dead_lettered_at)),
        ("reason", letter.reason),
        ("type", letter.ce_type or "none"),
        ("reference", letter.reference or "none"),
        ("size", count(letter.size, "byte")),
        *_status(letter, queue, ended=ended),
    ]
    for name, text in rows:
        rendered.add_row(name, _code(text))
    return rendered


def letter_json(letter: DeadLetter, *, blocked: bool) -> dict[str, Any]:
    position = letter.position
    return {
        "letter": letter.id,
        "group": letter.group,
        "topic": position.topic,
        "partition": position.partition,
        "offset": position.offset,
        "appended_at": letter.at.isoformat(),
        "set_aside_at": letter.dead_lettered_at.isoformat() if letter.dead_lettered_at else None,
        "reason": letter.reason,
        "type": letter.ce_type,
        "reference": letter.reference,
        "bytes": letter.size,
        "blocked": blocked,
        "answered": letter.answered,
    }


def queues_json(planned: Sequence[LetterQueue]) -> list[dict[str, Any]]:
    return [
        {
            "documents": [{"group": each.group, "document": each.key} for each in queue.documents],
            "letters": [letter_json(letter, blocked=bool(queue.documents)) for letter in queue.letters],
        }
        for queue in planned
    ]


def skipped_json(rows: Sequence[SkippedQueue]) -> list[dict[str, Any]]:
    return [
        {"letters": [letter.id for letter in each.queue.letters], "because": each.reason, "tried": each.tried}
        for each in rows
    ]


def blocked_json(documents: Sequence[BlockedDocument]) -> list[dict[str, Any]]:
    return [
        {
            "group": each.group,
            "document": each.key,
            "records": [
                {
                    "topic": record.position.topic,
                    "partition": record.position.partition,
                    "offset": record.position.offset,
                    "appended_at": record.at.isoformat(),
                }
                for record in each.records
            ],
        }
        for each in documents
    ]


def _status(letter: DeadLetter, queue: LetterQueue | None, *, ended: bool) -> list[tuple[str, str]]:
    if ended or queue is None:
        return [("status", "redriven or discarded")]
    rows = []
    for document in queue.documents:
        positions = [parked.position for parked in document.records]
        if letter.position in positions:
            number = positions.index(letter.position) + 1
            rows.append(("blocked", f"{document.key} waits for it, {number} of {len(positions)}"))
    if letter.answered:
        rows.append(("to do", "nothing: it is a mistake of the department, which has been told"))
    reason = refusal(queue, datetime.now(UTC))
    if reason is not None:
        return [*rows, ("redrive", f"not possible: {reason}")]
    poison = "possible, but it will fail again, unless the program has changed: the record itself is wrong"
    return [*rows, ("redrive", poison if letter.is_poison else "possible")]


def _code(text: str) -> Foldable:
    return Foldable(printable(text))


def _moment(at: datetime | None) -> str:
    return "unknown" if at is None else f"{at:%Y-%m-%d %H:%M:%S} UTC, {ago(at)} ago"


def _visible(rows: Sequence[T]) -> Sequence[T]:
    """On a terminal the first rows; in a pipe all of them, for programs and pagers."""
    return rows[:MOST_ROWS] if sys.stdout.isatty() else rows


def _add_hidden_count(rendered: Table, total: int, columns: int) -> None:
    if total > rendered.row_count:
        rendered.add_row(f"… {total - rendered.row_count} more: a pipe gets them all", *[""] * (columns - 1))
