"""Tables of dead letters: a terminal gets the first rows only, a pipe gets all of them."""

from datetime import UTC, datetime
from io import StringIO

import pytest
from rich.table import Table

from deploy.cli import dead_letter_tables as tables
from deploy.cli.invocation import console
from deploy.operator.dead_letters import DeadLetter
from deploy.operator.plan import LetterQueue, SkippedQueue
from deploy.operator.service_stores import BlockedDocument, ParkedRecord
from services.common.contracts import topics
from services.common.domain.position import Position

NUMBER = 35
LETTERS = [
    DeadLetter(
        group="intake",
        position=Position(topics.INTAKE, 0, offset),
        at=datetime(2026, 3, 2, 9, tzinfo=UTC),
        dlq_position=Position(topics.dead_letters(topics.INTAKE, "intake"), 0, offset),
        reason="not-json",
        key=None,
        size=1,
    )
    for offset in range(NUMBER)
]
HELD = [
    LetterQueue((letter,), (BlockedDocument(letter.group, letter.id, (ParkedRecord(letter.position, letter.at),)),))
    for letter in LETTERS
]


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def rendered() -> list[Table]:
    return [
        tables.one_by_one(LETTERS),
        tables.on_hold(HELD),
        tables.queues(HELD),
        tables.skipped([SkippedQueue(queue, "it is too old") for queue in HELD]),
    ]


def test_a_pipe_gets_every_row(monkeypatch: pytest.MonkeyPatch) -> None:
    piped = StringIO()
    monkeypatch.setattr("sys.stdout", piped)
    assert [each.row_count for each in rendered()] == [NUMBER] * 4
    console().print(tables.one_by_one(LETTERS))
    assert all(f"{letter.id} " in piped.getvalue() for letter in LETTERS)
    assert "more" not in piped.getvalue()


def test_a_terminal_gets_the_first_rows_and_a_hint_how_to_get_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    assert [each.row_count for each in rendered()] == [tables.MOST_ROWS + 1] * 4
    console().print(tables.one_by_one(LETTERS))
    assert f"… {NUMBER - tables.MOST_ROWS} more: a pipe gets them all" in terminal.getvalue()
