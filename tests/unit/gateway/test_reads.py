"""What a person reads about their request, from the facts of its view."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from gateway.requests.domain import linked_request
from gateway.requests.labels import CHECK_NAMES, ITEM_STATE_NAMES, OUTCOME_NAMES
from gateway.requests.queries import Found
from gateway.requests.read_schemas import TimelineEntry
from gateway.requests.receipts import Receipt
from gateway.requests.schemas import NewRequest
from gateway.requests.timeline_presenter import TimelinePresenter
from gateway.requests.view import RequestView
from gateway.worker.domain import apply_submission
from services.common.catalogue import catalogue
from services.common.contracts.asked import ItemState
from services.common.contracts.decisions import Outcome
from services.common.contracts.departments import Check
from services.common.contracts.handling import (
    DeadlineMissed,
    DeadlineMissRetracted,
    DocumentsReceived,
    DocumentsRequested,
    HearingClosed,
    HearingOpened,
    RequestExtended,
    RequestForwarded,
    RequestRated,
    RequestReopened,
)
from services.common.contracts.intake import LinkedRequest
from services.common.contracts.lifecycle import (
    ActRefused,
    DocumentAccepted,
    DocumentRefused,
    MessageAdded,
    RequestAnswered,
    RequestInAnalysis,
    RequestRejected,
    RequestRouted,
    RequestWithdrawn,
    State,
)
from tests.unit.gateway.builders import NOON, received, submitted
from tests.unit.gateway.lives import CONCLUDED, FILE, OTHER, life, read, sample


def entry(view: RequestView, kind: str) -> TimelineEntry:
    entries = TimelinePresenter("pt").timeline(Found(view, None)).entries  # type: ignore[arg-type]
    return next(each for each in entries if each.type == kind)


def test_asked_documents_are_shown_with_their_state_and_last_day() -> None:
    shown = read(life(RequestRouted, DocumentsRequested, MessageAdded, DocumentAccepted))
    assert [(each.number, each.state, each.state_name, each.documents) for each in shown.asked] == [
        (1, ItemState.RECEIVED, "Recebido", (FILE,)),
        (2, ItemState.OPEN, "Por entregar", ()),
    ]
    assert shown.asked[1].formats == ("application/pdf",)
    assert shown.deliver_until == date(2026, 3, 18)


def test_while_documents_are_awaited_the_deadline_stands_still() -> None:
    shown = read(life(RequestRouted, DocumentsRequested))
    assert shown.deadline is not None
    assert (shown.deadline.due_on, shown.deadline.suspended_since) == (date(2026, 3, 16), date(2026, 3, 4))
    again = read(life(RequestRouted, DocumentsRequested, DocumentsReceived))
    assert again.deadline is not None
    assert (again.due_on, again.deadline.suspended_since, again.deliver_until) == (date(2026, 3, 16), None, None)


def test_an_extension_and_another_department_are_shown() -> None:
    view = life(RequestRouted, RequestForwarded, RequestExtended)
    shown = read(view)
    assert (shown.department, shown.due_on) == ("dd", date(2026, 3, 23))
    forwarded, extended = entry(view, "request.forwarded"), entry(view, "request.extended")
    names = (forwarded.from_department_name, forwarded.department_name)
    assert names == ("Prestações Familiares", "Desemprego")
    assert (forwarded.text, extended.text, extended.due_on) == (
        "É do desemprego.",
        "Falta um parecer.",
        date(2026, 3, 23),
    )


def test_a_hearing_is_shown_until_it_is_closed() -> None:
    opened = read(life(RequestRouted, HearingOpened))
    assert opened.hearing is not None
    assert (opened.hearing.text, opened.hearing.answer_until) == ("Falta o direito.", date(2026, 3, 19))
    assert read(life(RequestRouted, HearingOpened, HearingClosed)).hearing is None
    assert read(life(RequestRouted, HearingOpened, RequestWithdrawn)).hearing is None


def test_a_decision_has_its_outcome_grounds_and_means_of_appeal() -> None:
    shown = read(life(RequestRouted, RequestAnswered, CONCLUDED))
    assert (shown.outcome, shown.outcome_name, shown.grounds) == (
        Outcome.REFUSED,
        "Indeferido",
        "Não tem o prazo de garantia.",
    )
    assert shown.appeal is not None
    assert (shown.appeal.until, shown.reply_until) == (date(2026, 4, 20), date(2026, 3, 30))


def test_after_coming_back_no_earlier_decision_stands() -> None:
    view = life(RequestRouted, RequestAnswered, RequestReopened, sample(MessageAdded, 5, State.IN_ANALYSIS))
    shown = read(view)
    assert (shown.state, shown.outcome, shown.reply_until, shown.due_on) == (
        State.IN_ANALYSIS,
        None,
        None,
        date(2026, 4, 6),
    )
    assert entry(view, "request.answered").outcome is Outcome.REFUSED
    assert (shown.act and shown.act.outcome) == "applied"


def _receipt(view: RequestView) -> Receipt:
    about = (view.account_id, view.filed_at, view.subject or "", view.reason or "", "")
    return Receipt(view.reference, view.request_id, *about)


@pytest.mark.parametrize(
    ("facts", "overdue"),
    [
        ([RequestRouted], False),
        ([RequestRouted, DeadlineMissed], True),
        ([RequestRouted, DeadlineMissed, DeadlineMissRetracted, RequestAnswered], False),
        ([RequestRouted, DeadlineMissed, RequestAnswered], True),
        ([RequestRouted, DeadlineMissed, RequestAnswered, RequestReopened], False),
    ],
)
def test_a_request_is_overdue_if_its_term_passed_before_a_decision(facts: list[Any], overdue: bool) -> None:
    view = life(*facts)
    assert read(view).overdue is overdue
    link = LinkedRequest(reference=view.reference, department=view.department, overdue=overdue)
    assert linked_request(_receipt(view), view, catalogue()) == link


def test_a_linked_request_that_no_department_has_yet_is_with_that_of_its_subject() -> None:
    view = life()
    link = LinkedRequest(reference=view.reference, department="pf")
    assert linked_request(_receipt(view), None, catalogue()) == link
    assert linked_request(_receipt(view), view, catalogue()) == link


def test_the_earlier_request_that_one_is_linked_to_is_shown() -> None:
    linked = LinkedRequest(reference="PO-7K3QX-9M2TA-B", department="pf", overdue=True)
    view = life()
    assert read(view).linked_to is None
    event = submitted(linked=linked)
    assert read(apply_submission(view, received(event, at=NOON - timedelta(minutes=1)))).linked_to == linked.reference


def test_the_rating_is_shown() -> None:
    shown = read(life(RequestRouted, RequestAnswered, RequestRated))
    assert shown.rating is not None
    assert (shown.rating.score, shown.rating.text) == (4, "Foi rápido.")


def test_all_files_of_the_request_are_listed_with_the_result_of_their_check() -> None:
    first, third = UUID(int=1), UUID(int=3)
    filed = sample(MessageAdded, 3, documents=(FILE, OTHER, third))
    view = life(RequestRouted, filed, DocumentAccepted, DocumentRefused).model_copy(update={"documents": (first,)})
    shown = read(view)
    assert shown.documents == (first, FILE, OTHER, third)
    assert [(each.state, each.state_name) for each in shown.files] == [
        (Check.CHECKING, "Em verificação"),
        (Check.ACCEPTED, "Recebido"),
        (Check.REFUSED, "Recusado"),
        (Check.CHECKING, "Em verificação"),
    ]
    accepted, refused = shown.files[1:3]
    assert (accepted.name, accepted.media_type, accepted.size) == ("recibo.pdf", "application/pdf", 9)
    assert refused.because == "expired"
    assert refused.because_text


def test_a_file_in_another_format_than_was_asked_for_says_so() -> None:
    view = life(DocumentsRequested, sample(DocumentAccepted, 3, fits=False))
    assert entry(view, "request.document-accepted").because_text == (
        "O documento não está num dos formatos pedidos. Envie-o noutro formato."
    )


def test_a_refused_message_can_be_sent_again_as_a_linked_request() -> None:
    act = read(life(RequestRouted, RequestAnswered, CONCLUDED, ActRefused)).act
    assert act is not None
    assert (act.outcome, act.because) == ("refused", "closed")
    assert act.because_text is not None
    assert act.follow_up is not None
    body = NewRequest.model_validate(act.follow_up.model_dump(mode="json"))
    assert (body.subject, body.reason, body.description) == ("FAM-01", "INF", "Mas eu tenho!")
    assert (body.documents, body.linked_to) == ((FILE,), submitted().reference)


def test_a_file_of_the_closed_request_is_not_named_in_the_new_one() -> None:
    late = sample(ActRefused, 5, documents=(FILE, OTHER))
    act = read(life(RequestRouted, sample(DocumentAccepted, 3), CONCLUDED, late)).act
    assert act is not None
    assert act.follow_up is not None
    assert act.follow_up.documents == (OTHER,)


def test_a_refused_message_without_text_gets_a_description() -> None:
    act = read(life(RequestRouted, RequestRejected, sample(ActRefused, 4, text=None))).act
    assert act is not None
    assert act.follow_up is not None
    assert act.follow_up.description == f"Em seguimento do pedido {submitted().reference}."


@pytest.mark.parametrize("code", ["not-allowed", "too-many-acts", "rated-already"])
def test_other_refusals_offer_no_new_request(code: str) -> None:
    act = read(life(RequestRouted, sample(ActRefused, 3, code=code))).act
    assert act is not None
    assert act.because_text
    assert act.follow_up is None


def test_a_view_of_an_older_version_is_still_read() -> None:
    old = life(RequestInAnalysis).model_dump(mode="json")
    facts = {
        seq: {name: value for name, value in fact.items() if name in {"id", "type", "at", "state", "department"}}
        for seq, fact in old["facts"].items()
    }
    kept = {name: value for name, value in old.items() if name not in {"asked", "linked_to"}} | {"facts": facts}
    shown = read(RequestView.model_validate(kept))
    assert (shown.state, shown.asked, shown.due_on) == (State.IN_ANALYSIS, (), date(2026, 3, 16))


def test_every_code_has_a_name() -> None:
    assert set(OUTCOME_NAMES) == set(Outcome)
    assert set(ITEM_STATE_NAMES) == set(ItemState)
    assert set(CHECK_NAMES) == set(Check)
