"""The longer lives of a run: a line of steps for each, and the date of the answer in words."""

import io
from datetime import date, timedelta
from typing import Any

import pytest
from rich.console import Console

from deploy.demo.client import Dates, ExplainedDate
from deploy.demo.longer_lives import LIVES, examples, in_words, show_longer_lives
from tests.unit.verification.builders import together
from tests.unit.verification.life_steps import everything

DAY = date(2026, 6, 8)


def explained(*because: str | None, **fields: Any) -> ExplainedDate:
    days = [{"day": DAY + timedelta(days=number), "because": why} for number, why in enumerate(because)]
    about = {"due_on": date(2026, 6, 22), "length": 10, "unit": "working_days", "days": days}
    return ExplainedDate.model_validate(about | fields)


@pytest.mark.parametrize(
    ("deadline", "words"),
    [
        (explained(), "by 22 June 2026: 10 working days"),
        (explained("weekend", "holiday"), "by 22 June 2026: 10 working days, without 1 holiday (09/06)"),
        (
            explained("holiday", None, "holiday"),
            "by 22 June 2026: 10 working days, without 2 holidays (08/06, 10/06)",
        ),
        (explained("suspended"), "by 22 June 2026: 10 working days, without 1 suspended"),
        (
            explained("closed", extension=5),
            "by 22 June 2026: 10 working days, 5 more by an extension, without 1 closed day (08/06)",
        ),
        (
            explained(dilation=15),
            "by 22 June 2026: 10 working days, after 15 of dilation, because the author lives outside the mainland",
        ),
        (explained(length=1, unit="calendar_months"), "by 22 June 2026: 1 month"),
    ],
)
def test_a_date_says_how_it_was_counted(deadline: ExplainedDate, words: str) -> None:
    assert in_words(deadline) == words


@pytest.mark.parametrize("width", [80, 120])
def test_each_life_has_its_steps_and_its_date(width: int) -> None:
    life = everything()
    history = together(life.history())
    console = Console(file=io.StringIO(), width=width, highlight=False)
    show_longer_lives(console, history, history.pages or {}, {life.reference: Dates(deadline=explained())})  # type: ignore[arg-type]
    assert isinstance(console.file, io.StringIO)
    text = " ".join(console.file.getvalue().split())
    assert [name for name, _ in examples(history, {})] == list(LIVES)
    assert "documents asked → " in text
    assert "told of an intended refusal → heard → transferred to" in text
    assert "came back → answered → rated" in text
    assert text.count("Answer due by 22 June 2026") == len(LIVES)
    assert all(len(line) <= width for line in console.file.getvalue().splitlines())
