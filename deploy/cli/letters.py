"""Dead letters as tables and as JSON: never what their records hold."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from rich.table import Table

from deploy.cli.operating import ago, count, plain, table
from deploy.operator.letters import Letter
from deploy.operator.plan import Left, Line, refusal
from deploy.operator.service_stores import Blocked

T = TypeVar("T")

MOST_ROWS: Final = 20
"""On a terminal, so that what is said first stays in sight."""


def by_group(chosen: Sequence[Letter]) -> Table:
    rows: dict[tuple[str, str, str], list[Letter]] = {}
    for letter in chosen:
        rows.setdefault((letter.group, letter.position.topic, letter.reason), []).append(letter)
    made = table("group", "topic", "records", "oldest", "reason", right=("records", "oldest"))
    for (group, topic, reason), letters in sorted(rows.items()):
        oldest = min(letter.at for letter in letters)
        made.add_row(plain(group), plain(topic), str(len(letters)), ago(oldest), plain(reason))
    return made


def one_by_one(chosen: Sequence[Letter]) -> Table:
    made = table("letter", "age", "reason", right=("age",))
    for letter in _in_sight(chosen):
        made.add_row(plain(letter.id), ago(letter.at), plain(letter.reason))
    _rest(made, len(chosen), 3)
    return made


def on_hold(lines: Sequence[Line]) -> Table:
    """Documents that wait, and for what first."""
    made = table("group", "on hold", "records", "since", "first reason", right=("records", "since"))
    rows = [(document, line) for line in lines for document in line.documents]
    for document, line in _in_sight(rows):
        first = document.records[0]
        reason = next((each.reason for each in line.letters if each.position == first.position), "")
        made.add_row(
            plain(document.group), plain(document.key), str(len(document.records)), ago(first.at), plain(reason)
        )
    _rest(made, len(rows), 5)
    return made


def lines(planned: Sequence[Line]) -> Table:
    """What would be brought back, a row for each line."""
    made = table("group", "what", "records", "oldest", "reason", right=("records", "oldest"))
    for line in _in_sight(planned):
        first = line.first
        made.add_row(
            plain(first.group), plain(name_of(line)), str(len(line.letters)), ago(first.at), plain(first.reason)
        )
    _rest(made, len(planned), 5)
    return made


def left(rows: Sequence[Left]) -> Table:
    made = table("group", "left as it is", "records", "why", right=("records",))
    for each in _in_sight(rows):
        group, number = plain(each.line.first.group), str(len(each.line.letters))
        made.add_row(group, plain(name_of(each.line)), number, plain(each.because))
    _rest(made, len(rows), 4)
    return made


def name_of(line: Line) -> str:
    """The document that waits, or the record by its place."""
    if line.documents:
        first = line.documents[0].key
        return first if len(line.documents) == 1 else f"{first} and {len(line.documents) - 1} more"
    return place_of(line.first)


def place_of(letter: Letter) -> str:
    position = letter.position
    return f"{position.topic}/{position.partition}/{position.offset}"


def details(letter: Letter, line: Line | None, *, ended: bool) -> Table:
    """All that may be known of a letter without reading what it holds."""
    made = Table.grid(padding=(0, 2, 0, 0))
    made.add_column(no_wrap=True, style="bold")
    made.add_column(overflow="fold")
    rows = [
        ("letter", letter.id),
        ("group", letter.group),
        ("record", f"{letter.position.topic}, partition {letter.position.partition}, offset {letter.position.offset}"),
        ("appended", _moment(letter.at)),
        ("set aside", _moment(letter.set_aside_at)),
        ("reason", letter.reason),
        ("type", letter.ce_type or "none"),
        ("reference", letter.reference or "none"),
        ("size", count(letter.size, "byte")),
        *_standing(letter, line, ended=ended),
    ]
    for name, text in rows:
        made.add_row(name, plain(text))
    return made


def told(letter: Letter, *, waited_for: bool) -> dict[str, Any]:
    position = letter.position
    return {
        "letter": letter.id,
        "group": letter.group,
        "topic": position.topic,
        "partition": position.partition,
        "offset": position.offset,
        "appended_at": letter.at.isoformat(),
        "set_aside_at": letter.set_aside_at.isoformat() if letter.set_aside_at else None,
        "reason": letter.reason,
        "type": letter.ce_type,
        "reference": letter.reference,
        "bytes": letter.size,
        "waited_for": waited_for,
    }


def told_lines(planned: Sequence[Line]) -> list[dict[str, Any]]:
    return [
        {
            "documents": [{"group": each.group, "document": each.key} for each in line.documents],
            "letters": [told(letter, waited_for=bool(line.documents)) for letter in line.letters],
        }
        for line in planned
    ]


def told_left(rows: Sequence[Left]) -> list[dict[str, Any]]:
    return [{"letters": [letter.id for letter in each.line.letters], "because": each.because} for each in rows]


def told_blocked(blocked: Sequence[Blocked]) -> list[dict[str, Any]]:
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
        for each in blocked
    ]


def _standing(letter: Letter, line: Line | None, *, ended: bool) -> list[tuple[str, str]]:
    if ended or line is None:
        return [("standing", "it needs nobody any more")]
    rows = []
    for document in line.documents:
        places = [waiting.position for waiting in document.records]
        if letter.position in places:
            rows.append(
                ("on hold", f"{document.key} waits for it, {places.index(letter.position) + 1} of {len(places)}")
            )
    because = refusal(line, datetime.now(UTC))
    return [*rows, ("redrive", "it may be brought back" if because is None else f"no: {because}")]


def _moment(at: datetime | None) -> str:
    return "unknown" if at is None else f"{at:%Y-%m-%d %H:%M:%S} UTC, {ago(at)} ago"


def _in_sight(rows: Sequence[T]) -> Sequence[T]:
    """As many as suit a terminal. Piped, none is left out: a program, or a person with a pager, reads them all."""
    return rows[:MOST_ROWS] if sys.stdout.isatty() else rows


def _rest(made: Table, total: int, columns: int) -> None:
    if total > made.row_count:
        made.add_row(f"… {total - made.row_count} more: a pipe gets them all", *[""] * (columns - 1))
