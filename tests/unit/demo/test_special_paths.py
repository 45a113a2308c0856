"""The lines about special paths: what the history has, and no wider than the screen."""

import io
from collections.abc import Callable
from typing import Final

import pytest
from rich.console import Console

from deploy.demo.special_paths import KINDS, show_special_paths, special_paths
from deploy.verification.history import History
from services.common.contracts.decisions import Outcome
from services.common.contracts.lifecycle import RequestRegistered
from tests.unit.verification.builders import Life, together
from tests.unit.verification.spoiled_special import a_mail_repeats_a_report, question, report, sick_leave
from tests.unit.verification.spoiling import changed, sent

EARLIER: Final = Life("dd")


def reason(code: str) -> History:
    return sent(changed(Life("rec").history(), RequestRegistered, reason=code), reason=code)


def words_of(history: History) -> dict[str, str]:
    return {name: words for name, _, words in special_paths(history)}


PATHS: Final[dict[str, tuple[Callable[[], History], str]]] = {
    "complaint": (lambda: reason("RCL"), "rec reads it, answer due by "),
    "suggestion": (lambda: reason("SUG"), "rec reads it, answer due by "),
    "praise": (lambda: reason("ELO"), "rec reads it, answer due by "),
    "report": (lambda: report(Life("fis").history()), "author and fis alone read it, words in 0 of 2 mails"),
    "question": (
        lambda: together(question(Life("dd").history(), EARLIER.reference, "dd"), EARLIER.history()),
        f"went to dd, which has {EARLIER.reference}",
    ),
    "sick leave": (
        lambda: sick_leave(Life("dp"), "dp/1/sick-leave-ended/2026-01-08"),
        "granted, 1 employer told: back on 09/01",
    ),
    "sick leave that had ended": (
        lambda: sick_leave(Life("dp"), outcome=Outcome.REFUSED),
        "refused, no employer told",
    ),
}


@pytest.mark.parametrize("name", PATHS)
def test_a_special_path_has_its_line(name: str) -> None:
    history, words = PATHS[name]
    found = words_of(history())
    assert found.keys() == {name}
    assert found[name].startswith(words)


def test_every_kind_is_shown_within_eighty_columns() -> None:
    assert PATHS.keys() == KINDS.keys()
    history = together(*(made() for made, _ in PATHS.values()))
    console = Console(file=io.StringIO(), width=80, highlight=False)
    show_special_paths(console, history)
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    assert len(lines) == len(KINDS)
    assert not any("…" in line or len(line) > 80 for line in lines)


def test_a_mail_with_the_words_of_a_report_is_counted() -> None:
    assert "words in 1 of 2 mails" in words_of(a_mail_repeats_a_report(Life("fis")))["report"]


def test_an_ordinary_request_has_no_line() -> None:
    assert words_of(Life().history()) == {}
