"""The legal date of a signed receipt has its reason: anybody can count it again."""

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, strategies as st
from hypothesis.strategies import DataObject

from services.common.catalogue import Language
from services.common.legal_clock import Calendar, Clock, Deadline, Suspension, WorkingDays, deadline, explain
from services.common.receipts.signed_deadline import SignedDeadline
from services.common.receipts.signing import ReceiptKeys
from services.common.receipts.verification import verify
from services.common.text.legal_dates import reason, rule
from tests.unit.legal_clock.builders import (
    MAINLAND,
    NOW,
    ONE_MONTH,
    any_working_days,
    clocks,
    closed_day,
    entry_days,
    places,
    suspensions,
    working_days,
)

OLD: Final = Path(__file__).parent / "receipt-without-reason.jws"
"""Signed by the version before the reason existed, with the key of the seed `1` × 32."""


def moved() -> Deadline:
    """A date that everything has moved."""
    days = Calendar.at(NOW, [closed_day("2026-12-24")]).working_days("pf", None)
    asked = Suspension(since=date(2026, 12, 3), until=date(2026, 12, 10), because="documents")
    nothing = Suspension(since=date(2026, 12, 14), until=date(2026, 12, 14), because="hearing")
    start, ten = date(2026, 11, 27), working_days(10)
    return deadline(start, "INF10", ten, days, place="PT-20", suspensions=(asked, nothing), extension=3)


@given(data=st.data(), days=any_working_days(), entered_on=entry_days, clock=clocks, place=places)
def test_the_date_is_counted_again_from_what_was_signed(
    data: DataObject, days: WorkingDays, entered_on: date, clock: Clock, place: str | None
) -> None:
    extension = data.draw(st.integers(0, 10))
    found = deadline(
        entered_on, "T", clock, days, place=place, suspensions=data.draw(suspensions(entered_on)), extension=extension
    )
    signed = SignedDeadline.model_validate_json(SignedDeadline.of(found).model_dump_json(exclude_defaults=True))
    counted = signed.counted()
    assert counted is not None
    assert list(explain(counted)) == list(explain(found))
    assert counted.due_on == found.due_on
    assert signed.reason is not None
    assert signed.reason.not_counted == Counter(each.because for each in explain(found) if each.because)
    assert [*rule(counted, "pt")] == [*rule(found, "pt")]


def test_the_reason_is_compact_and_readable() -> None:
    signed = SignedDeadline.of(moved()).model_dump(mode="json", exclude_defaults=True)
    assert {name: signed["reason"][name] for name in ("entered_on", "dilation", "extension", "suspensions")} == {
        "entered_on": "2026-11-27",
        "dilation": 5,
        "extension": 3,
        "suspensions": [{"first": "2026-12-04", "last": "2026-12-10", "because": "documents"}],
    }
    assert signed["reason"]["calendar"].endswith("+1")
    assert signed["reason"]["not_counted"] == {"weekend": 12, "dilation": 5, "holiday": 4, "closed": 1, "suspended": 4}
    assert [each["pt"] for each in signed["reason"]["closed_days"]] == [
        "Restauração da Independência",
        "Imaculada Conceição",
        "Tolerância de ponto",
        "Dia de Natal",
        "Ano Novo",
    ]


@pytest.mark.parametrize(
    ("language", "first", "last"),
    [
        (
            "pt",
            "Contou-se a partir de 27 de novembro de 2026, pelo calendário ",
            "Não contaram: 12 dias de fins de semana; 4 dias suspensos; 1 de dezembro de 2026 (Restauração da Independência);",
        ),
        (
            "en",
            "It was counted from 27 November 2026, by the calendar ",
            "Not counted: 12 days of weekends; 4 suspended days; 1 December 2026 (Restoration of Independence Day);",
        ),
    ],
)
def test_the_reason_is_said_in_words(language: Language, first: str, last: str) -> None:
    sentences = list(reason(moved(), language))
    assert sentences[0].startswith(first)
    assert sentences[1:-1] == list(rule(moved(), language))
    assert len(sentences) == 6
    assert sentences[-1].startswith(last)


def test_a_single_day_is_said_as_one_and_none_is_not_said() -> None:
    friday = list(reason(deadline(date(2026, 3, 6), "T", working_days(1), MAINLAND), "pt"))
    assert friday[-1] == "Não contaram: 2 dias de fins de semana."
    monday = list(reason(deadline(date(2026, 3, 2), "T", working_days(1), MAINLAND), "pt"))
    assert len(monday) == 2
    asked = Suspension(since=date(2026, 3, 2), until=date(2026, 3, 3), because="hearing")
    suspended = deadline(date(2026, 3, 2), "T", working_days(1), MAINLAND, suspensions=[asked])
    assert list(reason(suspended, "en"))[-1] == "Not counted: one suspended day."


def test_weekends_inside_a_month_count() -> None:
    in_words = list(reason(deadline(date(2026, 3, 3), "RGPD30", ONE_MONTH, MAINLAND), "pt"))
    assert in_words[-1] == "Não contaram: 2 dias de fins de semana; 3 de abril de 2026 (Sexta-feira Santa)."


def test_a_receipt_that_was_signed_before_the_reason_existed_is_valid() -> None:
    claims = verify(OLD.read_text(encoding="utf-8"), ReceiptKeys([b"1" * 32]).jwks)
    assert claims.deadline is not None
    assert (claims.deadline.due_on, claims.deadline.reason, claims.deadline.counted()) == (
        date(2026, 12, 16),
        None,
        None,
    )
