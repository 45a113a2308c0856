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
        (explained(), "até 22 de junho de 2026: 10 dias úteis"),
        (explained("weekend", "holiday"), "até 22 de junho de 2026: 10 dias úteis, sem 1 feriado (09/06)"),
        (
            explained("holiday", None, "holiday"),
            "até 22 de junho de 2026: 10 dias úteis, sem 2 feriados (08/06, 10/06)",
        ),
        (explained("suspended"), "até 22 de junho de 2026: 10 dias úteis, sem 1 suspenso"),
        (
            explained("closed", extension=5),
            "até 22 de junho de 2026: 10 dias úteis, mais 5 de prorrogação, sem 1 dia de fecho (08/06)",
        ),
        (explained(dilation=15), "até 22 de junho de 2026: 10 dias úteis, depois de 15 de dilação"),
        (explained(length=1, unit="calendar_months"), "até 22 de junho de 2026: 1 mês"),
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
    assert "told of a refusal → heard → transferred to" in text
    assert "came back → answered → rated" in text
    assert text.count("Resposta até 22 de junho de 2026") == len(LIVES)
    assert all(len(line) <= width for line in console.file.getvalue().splitlines())
