"""Dead letters as a person sees them: on a terminal no more rows than stay in sight, in a pipe all."""

from datetime import UTC, datetime
from io import StringIO

import pytest
from rich.table import Table

from deploy.cli import letters as shown
from deploy.cli.operating import console
from deploy.operator.letters import Letter
from deploy.operator.plan import Left, Line
from deploy.operator.service_stores import Blocked, Waiting
from services.common.contracts import topics
from services.common.domain.position import Position

NUMBER = 35
LETTERS = [
    Letter(
        group="intake",
        position=Position(topics.INTAKE, 0, offset),
        at=datetime(2026, 3, 2, 9, tzinfo=UTC),
        place=Position(topics.dead_letters(topics.INTAKE, "intake"), 0, offset),
        reason="not-json",
        key=None,
        size=1,
    )
    for offset in range(NUMBER)
]
HELD = [
    Line((letter,), (Blocked(letter.group, letter.id, (Waiting(letter.position, letter.at),)),)) for letter in LETTERS
]


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def tables() -> list[Table]:
    return [
        shown.one_by_one(LETTERS),
        shown.on_hold(HELD),
        shown.lines(HELD),
        shown.left([Left(line, "it is too old") for line in HELD]),
    ]


def test_a_pipe_gets_every_row(monkeypatch: pytest.MonkeyPatch) -> None:
    piped = StringIO()
    monkeypatch.setattr("sys.stdout", piped)
    assert [each.row_count for each in tables()] == [NUMBER] * 4
    console().print(shown.one_by_one(LETTERS))
    assert all(f"{letter.id} " in piped.getvalue() for letter in LETTERS)
    assert "more" not in piped.getvalue()


def test_a_terminal_gets_as_many_rows_as_stay_in_sight_and_is_told_how_to_get_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    assert [each.row_count for each in tables()] == [shown.MOST_ROWS + 1] * 4
    console().print(shown.one_by_one(LETTERS))
    assert f"… {NUMBER - shown.MOST_ROWS} more: a pipe gets them all" in terminal.getvalue()
