"""The output fits the screen, and everything is in the order of events."""

import io
from dataclasses import replace
from datetime import timedelta

import pytest
from rich.console import Console

from deploy.demo import report
from deploy.demo.board import Board
from deploy.demo.cases import Run
from deploy.demo.checks import Check
from deploy.demo.client import Standing
from deploy.demo.data import load_accounts, load_requests
from deploy.demo.screen import picture, sentence
from deploy.verification.history import History
from tests.support.received import MONDAY
from tests.unit.verification.builders import Life, some_files, together, withdrawal

RUN = together(Life("div", files=some_files(2)).history(), Life("pf").history())
FILED = [replace(each, number=number) for number, each in enumerate(RUN.submissions)]
HEADINGS = ["registered", "analysis", "answered", "concluded", "files", "mails"]


def printed(thing: object, width: int) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    console.print(thing)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [80, 120])
def test_the_table_shows_every_request(width: int) -> None:
    text = printed(report.requests_table(RUN, width), width)
    for each in RUN.submissions:
        (row,) = (line for line in text.splitlines() if each.name in line)
        assert each.department in row.split()
        files, mails = str(len(each.files) or ""), "2"
        assert row.split()[-2:] == ([files, mails] if files else ["ms", mails])
    headings = text.split("─")[0].replace("\n", " ").split()
    assert headings == ["in", "reference", "dept", *(["about"] if width > 100 else []), *HEADINGS]


def test_a_state_that_was_not_reached_is_shown_as_never() -> None:
    assert "never" in printed(report.requests_table(History(submissions=RUN.submissions), 80), 80)


def test_a_withdrawn_request_has_no_later_states() -> None:
    gone = Life(acts=(withdrawal(),)).history()
    (row,) = (line for line in printed(report.requests_table(gone, 80), 80).splitlines() if "PO-" in line)
    assert row.split()[2:] == ["10", "ms", "–", "–", "withdrawn", "2"]
    assert "never" not in row


def test_an_empty_history_has_an_empty_table() -> None:
    assert "reference" in printed(report.requests_table(History(), 80), 80)


@pytest.mark.parametrize("seconds", [(0.0121, "12 ms"), (0.9996, "1.00 s"), (4.5, "4.50 s")])
def test_a_duration_is_in_milliseconds_or_seconds(seconds: tuple[float, str]) -> None:
    length, text = seconds
    assert report.duration(timedelta(seconds=length)) == text


def test_a_failed_check_lists_a_limited_number_of_harms() -> None:
    console = Console(file=io.StringIO(), width=80, highlight=False)
    report.show_checks(console, [Check("Lost", "12 of 61", tuple(f"PO-{number}" for number in range(12)))])
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    assert lines[0] == "✗ Lost  12 of 61"
    assert lines[-1].strip() == "and 2 more"


def test_a_concluded_request_counts_for_all_earlier_stages() -> None:
    board = Board(2)
    for each, state in zip(FILED, ("concluded", "in_analysis"), strict=True):
        board.file(each)
        board.see(each, Standing(state=state, state_name=state))
    assert board.reached() == {"registered": 2, "in_analysis": 2, "answered": 1, "concluded": 1}
    assert "2 of 2 filed, 2 registered, 2 in analysis, 1 answered, 1 concluded" in sentence(board)


def test_withdrawn_requests_do_not_count_in_the_later_totals() -> None:
    board = Board(2)
    for each, state in zip(FILED, ("concluded", "withdrawn"), strict=True):
        board.file(each)
        board.see(each, Standing(state=state, state_name=state))
    assert "2 of 2 filed, 2 registered, 1 in analysis, 1 answered, 1 concluded, 1 withdrawn" in sentence(board)
    assert [line.split()[-1] for line in printed(picture(board), 80).splitlines()[:5]] == ["2/2"] * 2 + ["1/1"] * 3


def test_the_picture_has_a_constant_height() -> None:
    board = Board(2)
    before = printed(picture(board), 80)
    board.file(FILED[0])
    board.see(FILED[0], Standing(state="registered", state_name="Registado"))
    after = printed(picture(board), 80)
    assert len(before.splitlines()) == len(after.splitlines())
    assert FILED[0].name in after


def test_all_idempotency_keys_are_different() -> None:
    first, second = (Run.new(load_accounts(), load_requests()) for _ in range(2))
    keys = [run.key(number, *more) for run in (first, second) for number in range(61) for more in ((), ("file", 0))]
    assert len(set(keys)) == len(keys)
    assert all(16 <= len(key) <= 255 for key in keys)


@pytest.mark.parametrize("width", [80, 100, 180])
def test_a_row_has_at_most_a_hundred_columns(width: int) -> None:
    lines = printed(report.requests_table(RUN, width), width).splitlines()
    assert "mails" in lines[1].split()
    assert max(len(line) for line in lines) <= 100


def test_requests_of_a_department_are_in_the_order_of_filing() -> None:
    lives = [Life() for _ in range(5)]
    history = together(*(life.history() for life in lives))
    moved = {str(life.request_id): timedelta(minutes=-place) for place, life in enumerate(lives)}
    records = [replace(each, at=each.at + moved[each.key]) for each in history.records]
    text = printed(report.requests_table(replace(history, records=records), 80), 80)
    shown = [line.split()[0] for line in text.splitlines() if line.startswith("PO-")]
    assert shown == [life.reference for life in reversed(lives)]


def test_facts_with_the_same_time_are_in_the_order_of_their_numbers() -> None:
    life = Life(files=some_files(2))
    records = [replace(each, at=MONDAY) for each in life.records]
    entries = [entry.model_copy(update={"title": entry.type, "at": MONDAY}) for entry in life.page().entries]
    history = replace(life.history(), records=records)
    text = printed(report.timeline(life.submission, entries[::-1], history), 100)
    shown = [line.split()[2] for line in text.splitlines()]
    assert shown == [entry.type for entry in entries]
