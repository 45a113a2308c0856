"""The timeline names who caused each fact: the author, a department, or Postigo itself."""

from typing import Any, Final

import pytest

from gateway.requests.actors import Actor
from gateway.requests.queries import Found
from gateway.requests.read_schemas import TimelineEntry
from gateway.requests.timeline_presenter import TimelinePresenter
from gateway.requests.visible_facts import lifecycle_fact, short_type
from services.common.catalogue import Language
from services.common.contracts.handling import RequestForwarded
from services.common.contracts.lifecycle import LifecycleFact, RequestAnswered, RequestConcluded
from tests.unit.gateway.lives import SAMPLED, life, sample

OF_AUTHORS: Final = {"message-added", "reopened", "withdrawn", "rated"}
OF_DEPARTMENTS: Final = {
    "in-analysis",
    "documents-requested",
    "hearing-opened",
    "forwarded",
    "extended",
    "answered",
    "rejected",
    "concluded",
}


def entries(fact: LifecycleFact, language: Language = "pt") -> list[TimelineEntry]:
    return TimelinePresenter(language).entries(lifecycle_fact(fact, "f-1"))


@pytest.mark.parametrize("kind", SAMPLED, ids=short_type)
def test_every_fact_has_the_actor_who_caused_it(kind: Any) -> None:
    name = short_type(kind).removeprefix("request.")
    expected = Actor.AUTHOR if name in OF_AUTHORS else Actor.DEPARTMENT if name in OF_DEPARTMENTS else Actor.SERVICE
    for each in entries(sample(kind, 2)):
        assert each.actor is expected
        assert each.actor_name


def test_a_department_has_its_name_and_the_one_that_passed_a_request_on_is_the_actor() -> None:
    (answered,) = entries(sample(RequestAnswered, 2), "en")
    assert answered.actor_name == "Unemployment"
    (forwarded,) = entries(sample(RequestForwarded, 2))
    assert (forwarded.actor_name, forwarded.department_name) == ("Prestações Familiares", "Desemprego")


def test_a_conclusion_because_nobody_came_back_is_no_act_of_a_department() -> None:
    (decided,) = entries(sample(RequestConcluded, 2))
    (lapsed,) = entries(sample(RequestConcluded, 2, lapsed=True))
    assert (decided.actor, lapsed.actor) == (Actor.DEPARTMENT, Actor.SERVICE)
    assert "o prazo para reagir à resposta terminou" in lapsed.title
    assert decided.title == "Pedido concluído"


def test_the_author_filed_the_request() -> None:
    timeline = TimelinePresenter("en").timeline(Found(life(), None))  # type: ignore[arg-type]
    assert timeline.entries[0].actor is Actor.AUTHOR
    assert timeline.entries[0].actor_name == "The author of the request"


def test_a_register_opened_an_automatic_request() -> None:
    opened = life().model_copy(update={"subject": "FAM-01", "reason": "NAS"})
    timeline = TimelinePresenter("en").timeline(Found(opened, None))  # type: ignore[arg-type]
    assert timeline.entries[0].actor is Actor.REGISTER
    assert timeline.entries[0].actor_name == "The civil register"
