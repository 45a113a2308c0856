"""One sentence says what a person must do and by when."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.requests.presenter import RequestPresenter
from gateway.requests.queries import Found
from gateway.requests.receipts import Receipt
from services.common.contracts.asked import ItemState
from services.common.contracts.handling import (
    DeadlineMissed,
    DocumentsLapsed,
    DocumentsRequested,
    HearingOpened,
)
from services.common.contracts.lifecycle import (
    RequestAnswered,
    RequestInAnalysis,
    RequestRejected,
    RequestRouted,
    RequestWithdrawn,
)
from tests.unit.gateway.builders import ACCOUNT, NOON, REQUEST
from tests.unit.gateway.lives import BEFORE_ALL, CONCLUDED, item, life, read, sample

AFTER_ALL = datetime(2026, 5, 9, 12, tzinfo=UTC)
INFORMED = sample(RequestAnswered, 3, outcome="informed", grounds=None, appeal=None)

STEPS: Mapping[str, tuple[list[Any], datetime, str]] = {
    "registered": (
        [RequestRouted],
        BEFORE_ALL,
        "Não precisa de fazer nada: deve receber resposta até 16 de março de 2026.",
    ),
    "overdue": (
        [RequestInAnalysis, DeadlineMissed],
        AFTER_ALL,
        "Não precisa de fazer nada: o prazo da resposta terminou a 16 de março de 2026, e o pedido continua a ser tratado.",
    ),
    "documents": (
        [RequestRouted, DocumentsRequested],
        BEFORE_ALL,
        "Faltam documentos que lhe pediram: entregue-os até 18 de março de 2026.",
    ),
    "delivered": (
        [RequestRouted, sample(DocumentsRequested, 3, asked=(item(1, ItemState.CHECKING),))],
        BEFORE_ALL,
        "Não precisa de fazer nada: estamos a verificar os documentos que entregou.",
    ),
    "documents lapsed": (
        [RequestRouted, DocumentsRequested, DocumentsLapsed],
        BEFORE_ALL,
        "Não precisa de fazer nada: deve receber resposta até 16 de março de 2026.",
    ),
    "hearing": (
        [RequestRouted, HearingOpened],
        BEFORE_ALL,
        (
            "O departamento tenciona indeferir o pedido. Se não concorda, responda até 19 de março de 2026, numa só mensagem: "
            "ela encerra a audiência."
        ),
    ),
    "answered": (
        [RequestRouted, INFORMED],
        BEFORE_ALL,
        "Se a resposta não for suficiente, escreva uma mensagem até 30 de março de 2026. Se for, não precisa de fazer nada.",
    ),
    "refused": (
        [RequestRouted, RequestAnswered, CONCLUDED],
        BEFORE_ALL,
        (
            "Se não concorda com a decisão, escreva uma mensagem até 30 de março de 2026 ou conteste-a até 20 de abril de "
            "2026. Se concorda, não precisa de fazer nada."
        ),
    ),
    "too late to come back": (
        [RequestRouted, RequestAnswered, CONCLUDED],
        datetime(2026, 4, 1, tzinfo=UTC),
        "Se não concorda com a decisão, pode contestá-la até 20 de abril de 2026. Se concorda, não precisa de fazer nada.",
    ),
    "all is over": ([RequestRouted, RequestAnswered, CONCLUDED], AFTER_ALL, "Não precisa de fazer nada."),
    "withdrawn": ([RequestRouted, RequestWithdrawn], BEFORE_ALL, "Não precisa de fazer nada."),
    "rejected": (
        [RequestRouted, RequestRejected],
        BEFORE_ALL,
        "Se ainda precisa de resposta, faça um novo pedido e explique melhor o que pretende.",
    ),
}


@pytest.mark.parametrize("name", STEPS)
def test_the_next_step_is_one_plain_sentence_with_its_date(name: str) -> None:
    facts, now, sentence = STEPS[name]
    assert read(life(*facts), now=now).next_step == sentence
    english = read(life(*facts), "en", now).next_step
    assert english.endswith(".")
    assert "{" not in english
    assert english != sentence


def test_the_last_day_to_come_back_still_counts() -> None:
    midday, next_day = datetime(2026, 3, 30, 12, tzinfo=UTC), datetime(2026, 3, 31, 12, tzinfo=UTC)
    assert "30 de março" in read(life(RequestRouted, INFORMED), now=midday).next_step
    assert read(life(RequestRouted, INFORMED), now=next_day).next_step == "Não precisa de fazer nada."


def test_a_request_that_is_known_by_its_receipt_alone_needs_nothing() -> None:
    found = Found(None, Receipt(life().reference, REQUEST, ACCOUNT, NOON, "FAM-01", "INF", content=""))
    assert RequestPresenter("en").request(found).next_step == "There is nothing you must do."
