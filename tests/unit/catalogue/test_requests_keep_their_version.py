"""A request keeps the words, the term and the department of the catalogue that it was filed under; a new one gets today's."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.requests.names import Names
from gateway.requests.presenter import RequestPresenter
from gateway.requests.store import LISTED
from gateway.requests.view import RequestView
from services.common.catalogue import catalogue, catalogues
from services.common.contracts.lifecycle import LifecycleFact
from services.common.contracts.topics import inbox
from services.common.legal_clock import Calendar
from services.intake.domain import request
from services.notifications import mail_templates
from services.notifications.domain import deliveries_of
from services.notifications.domain.recipient import Addressee
from services.routing.handlers import assign_department
from tests.support.own_catalogue import second_version
from tests.unit.gateway import lives
from tests.unit.intake.builders import submitted, terms_of
from tests.unit.notifications.builders import received
from tests.unit.routing.test_domain import registered

FILED_UNDER = pytest.mark.parametrize("version", [1, 2])


@pytest.fixture(autouse=True)
def own_catalogue(tmp_path: Path) -> Iterator[None]:
    with second_version(tmp_path):
        yield


def name_of(version: int) -> str:
    return {1: "Abono de família para crianças e jovens", 2: "Novo abono"}[version]


def test_the_new_version_is_in_force() -> None:
    assert catalogue().version == 2
    assert [each.version for each in catalogues().versions] == [1, 2]


@FILED_UNDER
def test_the_author_reads_the_words_of_the_version(version: int) -> None:
    view = lives.life().model_copy(update={"catalogue_version": version, "subject": "FAM-01", "reason": "INF"})
    summary = RequestPresenter("pt").summary(view)
    assert summary.subject_name == name_of(version)
    assert summary.reason_name == {1: "Pedido de informação", 2: "Nova informação"}[version]


@FILED_UNDER
def test_a_list_shows_the_same_words_as_the_request(version: int) -> None:
    view = lives.life().model_copy(update={"catalogue_version": version, "subject": "FAM-01", "reason": "INF"})
    listed = RequestView.model_validate(view.model_dump(include=set(LISTED)))
    assert RequestPresenter("pt").summary(listed) == RequestPresenter("pt").summary(view)


def test_a_subject_that_is_gone_keeps_its_name() -> None:
    assert Names("pt").subject("FAM-06", 1) == "Fundo de Garantia de Alimentos Devidos a Menores"
    assert Names("pt").subject("FAM-06", 2) == "Fundo de Garantia de Alimentos Devidos a Menores"
    assert catalogue().subject("FAM-06") is None


@FILED_UNDER
def test_the_legal_term_and_later_ones_are_those_of_the_version(version: int) -> None:
    filed = submitted(catalogue_version=version, reason="INF")
    decision = request.register(None, filed, catalogues().version(version), Calendar.of_public_holidays())
    assert decision.state is not None
    assert decision.state.deadline is not None
    assert decision.state.deadline.length == {1: 10, 2: 20}[version]
    later = terms_of(decision.state).named(decision.state.entered_on, "INF10")
    assert later.length == {1: 10, 2: 20}[version]


@FILED_UNDER
def test_every_fact_names_the_version(version: int) -> None:
    filed = submitted(catalogue_version=version)
    decision = request.register(None, filed, catalogues().version(version), Calendar.of_public_holidays())
    facts = [each for each in decision.events if isinstance(each, LifecycleFact)]
    assert {each.catalogue_version for each in facts} == {version}


@FILED_UNDER
def test_the_request_goes_to_the_department_of_the_version(version: int) -> None:
    filed = registered()
    told = filed._replace(event=filed.event.model_copy(update={"catalogue_version": version}))
    told_on = [each.topic for each in assign_department(None, told).events]
    assert inbox({1: "pf", 2: "din"}[version]) in told_on


@FILED_UNDER
def test_mails_say_the_words_of_the_version(version: int) -> None:
    told = registered().event.model_copy(update={"catalogue_version": version})
    (delivery,) = deliveries_of(received(told), "postigo.example")
    letter = mail_templates.render(delivery, Addressee("Ana", "ana@example.org", "pt"), "https://postigo.example")
    assert name_of(version) in letter.text
