"""What is shown fits the screen it is shown on, and what is to be copied can be."""

import io
import shlex
import subprocess

import pytest
from rich.console import Console

from deploy.demo import report
from deploy.demo.board import Board
from deploy.demo.cases import Run
from deploy.demo.client import Standing
from deploy.demo.data import load_accounts, load_requests
from deploy.demo.evidence import Evidence
from deploy.demo.facts import Check
from deploy.demo.screen import picture, sentence
from services.common.catalogue import catalogue
from tests.unit.demo.life import ACCOUNT, Life, case, together

RUN = together(Life(case("div", files=2)), Life(case("pf")))
HEADINGS = ["registered", "analysis", "answered", "concluded", "files", "mails"]
URL = "http://127.0.0.1:20000"


def printed(thing: object, width: int) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    console.print(thing)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [80, 120])
def test_the_table_shows_every_request_whole(width: int) -> None:
    text = printed(report.requests_table(RUN.cases, RUN.evidence, width), width)
    for each in RUN.cases:
        (row,) = (line for line in text.splitlines() if each.reference in line)
        assert each.row.department in row.split()
        files, mails = str(len(each.attachments) or ""), "2"
        assert row.split()[-2:] == ([files, mails] if files else ["ms", mails])
    headings = text.split("─")[0].replace("\n", " ").split()
    assert headings == ["in", "reference", "dept", *(["about"] if width > 100 else []), *HEADINGS]


def test_a_state_that_was_not_reached_is_named_as_such() -> None:
    assert "never" in printed(report.requests_table(RUN.cases, Evidence(), 80), 80)


def test_a_table_of_nothing_is_no_failure() -> None:
    assert "reference" in printed(report.requests_table([], Evidence(), 80), 80)


@pytest.mark.parametrize("seconds", [(0.0121, "12 ms"), (0.9996, "1.00 s"), (4.5, "4.50 s")])
def test_a_duration_is_as_precise_as_it_is_long(seconds: tuple[float, str]) -> None:
    from datetime import timedelta

    length, text = seconds
    assert report.duration(timedelta(seconds=length)) == text


def test_a_check_that_failed_names_what_is_wrong_but_not_without_end() -> None:
    console = Console(file=io.StringIO(), width=80, highlight=False)
    report.show_checks(console, [Check("Lost", "12 of 61", tuple(f"PO-{number}" for number in range(12)))])
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    assert lines[0] == "✗ Lost  12 of 61"
    assert lines[-1].strip() == "and 2 more"


def test_the_lines_to_copy_are_shell_and_file_something_that_the_catalogue_has() -> None:
    lines = report.curl_lines(RUN.cases[0], URL)
    assert subprocess.run(["bash", "-n"], input="\n".join(lines), text=True, check=False).returncode == 0
    words = shlex.split(lines[1])
    assert any('"subject":"FAM-01","reason":"INF"' in word for word in words)
    assert catalogue().valid_leaf("FAM-01", "INF")
    assert catalogue().subjects["FAM-01"].open_to("P")
    assert ACCOUNT.password in lines[0]


def test_the_filters_of_the_lines_leave_the_value_alone() -> None:
    sign_in, *_ = report.curl_lines(RUN.cases[0], URL)
    sed = sign_in.rpartition("| ")[2].removesuffix(")")
    answer = '{"token":"abc-_1","expires_at":"2026-01-05T09:00:00Z"}'
    assert (
        subprocess.run(["bash", "-c", sed], input=answer, text=True, capture_output=True, check=True).stdout == "abc-_1"
    )


def test_whoever_has_concluded_has_been_everywhere_before() -> None:
    board = Board(2)
    for each, state in zip(RUN.cases, ("concluded", "in_analysis"), strict=True):
        board.file(each)
        board.see(each, Standing(state=state, state_name=state))
    assert board.reached() == {"registered": 2, "in_analysis": 2, "answered": 1, "concluded": 1}
    assert "2 of 2 filed, 2 registered, 2 in analysis, 1 answered, 1 concluded" in sentence(board)


def test_the_picture_keeps_its_height() -> None:
    board = Board(2)
    before = printed(picture(board), 80)
    board.file(RUN.cases[0])
    board.see(RUN.cases[0], Standing(state="registered", state_name="Registado"))
    after = printed(picture(board), 80)
    assert len(before.splitlines()) == len(after.splitlines())
    assert RUN.cases[0].reference in after


def test_no_two_runs_share_a_key_and_no_two_sendings_of_one() -> None:
    first, second = (Run.new(load_accounts(), load_requests()) for _ in range(2))
    keys = [run.key(number, *more) for run in (first, second) for number in range(61) for more in ((), ("file", 0))]
    assert len(set(keys)) == len(keys)
    assert all(16 <= len(key) <= 255 for key in keys)
