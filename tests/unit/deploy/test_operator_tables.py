"""Tables of dead letters: a terminal gets the first rows only, a pipe gets all of them."""

from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO

import pytest
from rich.console import Console
from rich.table import Table

from deploy.cli import dead_letter_tables as tables
from deploy.cli.folding import fold
from deploy.cli.printing import console
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
BLOCKED = [
    LetterQueue((letter,), (BlockedDocument(letter.group, letter.id, (ParkedRecord(letter.position, letter.at),)),))
    for letter in LETTERS
]


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def rendered() -> list[Table]:
    return [
        tables.one_by_one(LETTERS),
        tables.blocked(BLOCKED),
        tables.queues(BLOCKED),
        *tables.left([SkippedQueue(queue, f"it is {days} days old") for days, queue in enumerate(BLOCKED)]),
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


def printed(table: Table) -> list[str]:
    screen = StringIO()
    Console(file=screen, width=80).print(table)
    return [line.rstrip() for line in screen.getvalue().splitlines()]


def test_equal_reasons_are_one_row_and_what_was_tried_is_not_called_skipped() -> None:
    again = [SkippedQueue(LetterQueue((letter,)), "it failed again (not-json)", tried=True) for letter in LETTERS[:3]]
    old = [SkippedQueue(LetterQueue((letter,)), "it is too old") for letter in LETTERS[3:5]]
    tried, skipped = map(printed, tables.left([*again, *old]))
    assert tried[0].split() == ["group", "tried", "records", "why"]
    assert tried[1].split(maxsplit=3) == ["intake", f"{topics.INTAKE}/0/0", "3", "it failed again (not-json)"]
    assert [line.strip() for line in tried[2:]] == ["and 2 more"]
    assert skipped[0].split() == ["group", "skipped", "records", "why"]
    assert skipped[1].split(maxsplit=3) == ["intake", f"{topics.INTAKE}/0/3", "2", "it is too old"]


@pytest.mark.parametrize(
    ("topic", "reason", "expected"),
    [
        (topics.INTAKE, "not-json", "will fail again, unless the program has changed"),
        (topics.INTAKE, "bug:KeyError", "possible"),
        (topics.INTAKE, "blocked", "possible"),
        (topics.outbox("pf"), "schema:/text:missing", "nothing: it is a mistake of the department"),
    ],
)
def test_the_details_say_whether_a_redrive_can_help(topic: str, reason: str, expected: str) -> None:
    letter = replace(LETTERS[0], position=Position(topic, 0, 1), reason=reason, at=datetime.now(UTC))
    shown = " ".join(" ".join(printed(tables.details(letter, LetterQueue((letter,)), ended=False))).split())
    assert expected in shown
    assert ("will fail again" in shown) == (letter.is_poison and not letter.answered)


CODES = [
    "schema:/assignment_id:uuid_parsing",
    "header-ce_correlationid-zero-byte",
    "bug:killed-the-process",
    "not-json",
]


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("width", [16, 22, 40])
def test_a_code_is_folded_after_one_of_its_signs_only(code: str, width: int) -> None:
    lines = fold(code, width)
    assert "".join(lines) == code
    assert all(len(line) <= width for line in lines)
    assert all(line[-1] in "-_.:/" for line in lines[:-1])
    assert len(lines) == 1 or len(code) > width


def test_a_sentence_is_folded_at_its_blanks_and_a_long_word_anywhere() -> None:
    assert fold("it failed again (bug:KeyError)", 20) == ["it failed again", "(bug:KeyError)"]
    assert fold("abcdefghij", 4) == ["abcd", "efgh", "ij"]


def test_a_table_at_eighty_columns_breaks_no_word_in_a_code() -> None:
    letter = replace(LETTERS[0], group="gateway-views", reason="schema:/assignment_id:uuid_parsing")
    lines = printed(tables.by_group([letter]))
    assert [line.split()[-1] for line in lines] == ["reason", "schema:/assignment_id:uuid_", "parsing"]
    assert all(len(line) <= 80 for line in lines)
