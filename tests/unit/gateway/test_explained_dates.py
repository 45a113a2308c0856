"""Each date of a request is explained day by day, with the rule in words."""

from datetime import date, timedelta
from typing import Any

import pytest

from gateway.requests.deadline_presenter import DeadlinePresenter
from gateway.requests.deadline_schemas import DeadlineResponse, ExplainedDate
from gateway.requests.queries import Found
from gateway.requests.receipts import Receipt
from gateway.requests.view import RequestView
from services.common.catalogue import Language
from services.common.contracts.handling import DocumentsRequested, HearingOpened, RequestReopened
from services.common.contracts.lifecycle import RequestAnswered, RequestRouted
from services.common.legal_clock import Suspension
from tests.unit.gateway.builders import ACCOUNT, NOON, REQUEST
from tests.unit.gateway.lives import ENTERED, life, read, sample, term


def explained(view: RequestView, language: Language = "pt") -> DeadlineResponse:
    return DeadlinePresenter(language).explanation(Found(view, None))  # type: ignore[arg-type]


def test_a_deadline_is_explained_day_by_day() -> None:
    answer = explained(life(sample(RequestRouted, 2, deadline=term(place="PT-20")))).deadline
    assert answer is not None
    assert (answer.entered_on, answer.due_on, answer.length, answer.dilation) == (ENTERED, date(2026, 3, 23), 10, 5)
    assert [day.day for day in answer.days] == [ENTERED + timedelta(days=count) for count in range(1, 22)]
    counted = [day for day in answer.days if day.counts]
    assert [day.number for day in counted] == list(range(1, 11))
    assert counted[-1].day == answer.due_on
    assert [(day.because, day.name) for day in answer.days[:5]] == [
        *[("dilation", "Dilação: mora fora do continente")] * 4,
        ("weekend", "Sábado"),
    ]
    assert any("artigo 88.º" in sentence for sentence in answer.rule)


def test_every_date_of_the_request_is_explained_where_it_exists() -> None:
    def last_days(*facts: Any) -> dict[str, date]:
        dates = explained(life(*facts)).model_dump(exclude={"reference"}, exclude_none=True)
        return {name: found["due_on"] for name, found in dates.items()}

    assert last_days(RequestRouted) == {}
    assert last_days(DocumentsRequested) == {"deadline": date(2026, 3, 16), "deliver": date(2026, 3, 18)}
    assert last_days(HearingOpened) == {"hearing": date(2026, 3, 19)}
    assert last_days(RequestAnswered) == {"reply": date(2026, 3, 30)}


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        (
            "pt",
            "O prazo está suspenso desde 5 de março de 2026, à espera de documentos (CPA, artigos 117.º e 119.º). A data",
        ),
        (
            "en",
            "The term has been suspended since 5 March 2026, waiting for documents (CPA, articles 117 and 119). The",
        ),
    ],
)
def test_the_explanation_says_why_a_term_is_suspended(language: Language, sentence: str) -> None:
    deadline = explained(life(DocumentsRequested), language).deadline
    assert deadline is not None
    assert deadline.rule[1].startswith(sentence)


def rule_of(**changes: Any) -> list[str]:
    found: ExplainedDate | None = explained(life(sample(RequestRouted, 2, deadline=term(**changes)))).deadline
    assert found is not None
    return found.rule


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("pt", "O prazo começou de novo a 4 de março de 2026, quando voltou ao pedido depois da resposta."),
        ("en", "The term began anew on 4 March 2026, when you came back on the answer."),
    ],
)
def test_a_term_that_began_anew_says_so(language: Language, sentence: str) -> None:
    again = sample(RequestReopened, 2, deadline=term(start=date(2026, 3, 4)))
    deadline = explained(life(again), language).deadline
    assert deadline is not None
    assert deadline.rule[0] == sentence
    assert sentence not in rule_of()


def test_an_extension_is_part_of_the_rule() -> None:
    assert rule_of(extension=5)[1] == "O departamento prorrogou o prazo por 5 dias úteis (CPA, artigo 128.º)."
    assert rule_of(extension=1)[1] == "O departamento prorrogou o prazo por um dia útil (CPA, artigo 128.º)."


@pytest.mark.parametrize(
    ("until", "sentences"),
    [
        (date(2026, 3, 3), []),
        (
            date(2026, 3, 5),
            [
                "O prazo esteve suspenso de 4 de março de 2026 a 5 de março de 2026, para a audiência prévia (CPA, artigo 121.º)."
            ],
        ),
    ],
)
def test_a_suspension_is_told_with_the_days_that_did_not_count(until: date, sentences: list[str]) -> None:
    suspended = Suspension(since=date(2026, 3, 3), until=until, because="hearing")
    assert rule_of(suspensions=(suspended,))[1:] == sentences


def test_a_request_of_an_older_version_has_a_due_date_without_an_explanation() -> None:
    shown = read(life())
    assert (shown.due_on, shown.deadline and shown.deadline.due_on) == (date(2026, 3, 16), date(2026, 3, 16))
    assert explained(life()).deadline is None


def test_a_request_that_is_known_by_its_receipt_alone_has_no_dates_yet() -> None:
    found = Found(None, Receipt(life().reference, REQUEST, ACCOUNT, NOON, "FAM-01", "INF", content=""))
    assert DeadlinePresenter("en").explanation(found) == DeadlineResponse(reference=life().reference)
