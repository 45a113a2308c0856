"""What a person answered reaches the register, the department and the person's own page, word for word."""

from typing import Final

from gateway.requests.presenter import RequestPresenter
from gateway.requests.queries import Found
from gateway.worker.domain import apply_submission
from services.common.catalogue import catalogue
from services.common.contracts.departments import Assignment
from services.common.contracts.intake import Answer
from services.common.contracts.lifecycle import RequestRegistered
from services.common.legal_clock import Calendar
from services.intake.domain import request
from services.routing.handlers import assign_department
from tests.unit.gateway.builders import received as at_gateway
from tests.unit.intake.builders import submitted
from tests.unit.routing.test_domain import registered

ANSWERS: Final = (
    Answer(
        name="return_on", question="Em que dia volta ao trabalho?", value="2026-12-05", text="5 de dezembro de 2026"
    ),
    Answer(name="is_told", question="A empresa já sabe?", value=True, text="Sim"),
    Answer(name="days", question="Quantos dias?", value=12, text="12"),
)


def test_the_register_says_the_answers() -> None:
    decision = request.register(None, submitted(answers=ANSWERS), catalogue(), Calendar.of_public_holidays())
    (fact,) = [each for each in decision.events if isinstance(each, RequestRegistered)]
    assert RequestRegistered.model_validate_json(fact.model_dump_json()).answers == ANSWERS


def test_the_department_gets_the_answers_with_the_whole_assignment() -> None:
    filed = registered()
    told = filed._replace(event=filed.event.model_copy(update={"answers": ANSWERS}))
    (created,) = [each for each in assign_department(None, told).events if isinstance(each, Assignment)]
    assert created.answers == ANSWERS


def test_the_author_reads_the_answers_at_once() -> None:
    view = apply_submission(None, at_gateway(submitted(answers=ANSWERS).event))
    assert RequestPresenter("en").request(Found(view, None)).answers == ANSWERS  # type: ignore[arg-type]
