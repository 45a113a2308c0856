"""A report of an irregularity is restricted from its filing on: facts, mails, and what its department gets say so."""

from uuid import uuid4

import pytest

from gateway.live.hub import Client, Hub
from gateway.requests.domain import submission_event
from gateway.requests.schemas import NewRequest
from services.common.catalogue import catalogue
from services.common.contracts.departments import Assignment
from services.common.contracts.lifecycle import LifecycleFact
from services.common.legal_clock import Calendar
from services.intake.domain import request
from services.notifications.domain import deliveries_of
from services.routing.handlers import assign_department
from tests.unit.gateway import lives
from tests.unit.gateway.builders import ACCOUNT, BODY, REQUEST, Clock, session
from tests.unit.intake.builders import submitted
from tests.unit.notifications.builders import received
from tests.unit.routing.test_domain import registered

AUTHOR = uuid4()


@pytest.mark.parametrize(("subject", "reason", "restricted"), [("TRA-09", "DEN", True), ("TRA-09", "INF", False)])
def test_the_gateway_sets_the_restriction_at_filing(subject: str, reason: str, restricted: bool) -> None:
    new = NewRequest.model_validate(BODY | {"subject": subject, "reason": reason})
    assert submission_event(REQUEST, new, session(), None, catalogue()).restricted is restricted


def test_every_fact_names_the_only_reader() -> None:
    filed = submitted(subject="TRA-09", reason="DEN", restricted=True, actor_id=AUTHOR)
    decision = request.register(None, filed, catalogue(), Calendar.of_public_holidays())
    facts = [each for each in decision.events if isinstance(each, LifecycleFact)]
    assert facts
    assert {each.restricted_to for each in facts} == {AUTHOR}


def test_the_department_is_told_and_no_mail_says_what_it_is_about() -> None:
    filed = registered()
    told = filed._replace(event=filed.event.model_copy(update={"restricted_to": AUTHOR}))
    (created,) = [each for each in assign_department(None, told).events if isinstance(each, Assignment)]
    assert created.restricted
    (delivery,) = deliveries_of(received(told.event), "postigo.example")
    assert (delivery.subject, delivery.department) == (None, None)


def test_streams_of_other_people_of_the_account_get_nothing_of_it() -> None:
    hub = Hub(Clock())
    author, colleague = (Client(ACCOUNT, actor, "hash", 0.0) for actor in (AUTHOR, uuid4()))
    with hub.subscribed(author), hub.subscribed(colleague):
        for number, reader in enumerate((None, AUTHOR), 2):
            fact = lives.sample(lives.SAMPLED[0], number).model_copy(update={"restricted_to": reader})
            hub.publish(fact, f"f-{number}", 100)
    assert [len(each.take()) for each in (author, colleague)] == [2, 1]
    assert [colleague.may_read(each) for each in hub.recent.since(ACCOUNT, hub.recent.number - 2) or ()] == [
        True,
        False,
    ]
