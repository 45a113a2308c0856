"""Views: the same facts give the same view when late, duplicated or reordered; and what timelines show."""

from datetime import timedelta
from functools import reduce
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, strategies as st

from gateway.requests.labels import FACT_LABELS, NOTICE_NAMES, reason_of
from gateway.requests.presenter import RequestPresenter
from gateway.requests.queries import Found
from gateway.requests.read_schemas import ActOutcome
from gateway.requests.timeline_presenter import TimelinePresenter
from gateway.requests.view import RequestView
from gateway.requests.visible_facts import VISIBLE_FIELDS, short_type
from gateway.worker.handlers import views
from services.common.catalogue.state_names import STATE_NAMES
from services.common.contracts import Event, declared, topics
from services.common.contracts.deliveries import DeliverySent, DeliverySkipped
from services.common.contracts.lifecycle import (
    ActRefused,
    DocumentAccepted,
    MessageAdded,
    RequestConcluded,
    RequestInAnalysis,
    RequestRouted,
    RequestWithdrawn,
    State,
)
from services.common.domain.received import Received
from services.intake.domain.transitions import TRANSITIONS
from services.notifications.domain import Skip
from services.notifications.domain.matrix import NOTICES
from tests.unit.gateway.builders import ACCOUNT, NOON, REQUEST, fact, received, registered, submitted
from tests.unit.gateway.lives import SAMPLED, sample

FILE, ACT, LATE_ACT = UUID(int=9), UUID(int=10), UUID(int=11)
COMMAND = {"id": "c", "topic": "departments.pf.outbox.v1", "partition": 0, "offset": 1}


def notice(kind: type[Event], event_id: str, minute: int, **fields: Any) -> Received[Any]:
    values = {
        "request_id": REQUEST,
        "reference": submitted().reference,
        "occurred_at": NOON + timedelta(minutes=minute),
        "delivery_id": UUID(int=minute),
        "event_id": event_id,
        "account_id": ACCOUNT,
        "notice": "registered",
        "channel": "email",
    }
    return received(kind.model_validate(values | fields), id=f"{kind.TYPE}-{minute}")


def lifecycle() -> list[Received[Any]]:
    registration = received(registered())
    return [
        received(submitted(), id="s"),
        registration,
        received(fact(RequestRouted, 2, State.REGISTERED, department="pf", assignment_id=FILE, epoch=1, rule="r-7")),
        received(fact(RequestInAnalysis, 3, State.IN_ANALYSIS, department="pf")),
        received(
            fact(
                DocumentAccepted,
                4,
                State.IN_ANALYSIS,
                document_id=FILE,
                name="a.pdf",
                media_type="x",
                size=1,
                sha256="y",
            )
        ),
        received(fact(ActRefused, 5, State.IN_ANALYSIS, act_id="a", code="stale", command=COMMAND)),
        received(fact(MessageAdded, 6, State.IN_ANALYSIS, act_id=str(ACT), text="Falta um papel.", documents=[FILE])),
        received(fact(RequestConcluded, 7, State.CONCLUDED)),
        received(fact(ActRefused, 8, State.CONCLUDED, act_id=str(LATE_ACT), code="not-allowed")),
        notice(DeliverySent, registration.id, 2),
        notice(DeliverySkipped, "an unknown event", 9, because="no-address"),
    ]


def whole_life() -> list[Received[Any]]:
    """A life in which every fact happens, in an order that intake would not say."""
    samples = [registered()] + [sample(kind, seq) for seq, kind in enumerate(SAMPLED, 2)]
    return [received(submitted(), id="s"), *map(received, samples)]


def merged(facts: list[Received[Any]]) -> RequestView:
    def step(view: RequestView | None, item: Received[Any]) -> RequestView:
        merge = views.of(item.event)
        assert merge is not None
        return merge(view, item)

    view = reduce(step, facts, None)
    assert view is not None
    return view


LIVES = (lifecycle(), whole_life())
COUNT = len(lifecycle())
INDEXES = st.integers(0, COUNT - 1)


@given(data=st.data(), facts=st.sampled_from(LIVES))
def test_any_order_with_duplicates_gives_the_same_view(data: st.DataObject, facts: list[Received[Any]]) -> None:
    order = data.draw(st.permutations(facts))
    again = data.draw(st.lists(st.sampled_from(facts), max_size=6))
    assert merged([*order, *again]) == merged(facts)


@given(data=st.data())
def test_a_view_that_was_stored_meanwhile_is_the_same(data: st.DataObject) -> None:
    order = data.draw(st.permutations(whole_life()))
    stored = RequestView.model_validate_json(merged(order[:9]).model_dump_json())
    view = reduce(lambda view, item: views.of(item.event)(view, item), order[9:], stored)  # type: ignore[misc]
    assert view == merged(whole_life())


@given(given_facts=st.sets(INDEXES, min_size=1), late=st.sets(INDEXES))
def test_late_facts_complete_the_view(given_facts: set[int], late: set[int]) -> None:
    facts = lifecycle()
    rest = set(range(COUNT)) - given_facts
    assert merged([facts[index] for index in [*given_facts, *late, *rest]]) == merged(facts)


def test_the_state_is_that_of_the_highest_seq() -> None:
    facts = lifecycle()
    assert merged(facts[:1]).state is State.RECEIVED
    assert merged([facts[0], facts[3], facts[1]]).state is State.IN_ANALYSIS
    assert merged(facts).state is State.CONCLUDED


def test_a_retried_submission_keeps_the_first_filing_time() -> None:
    again = received(submitted(), at=NOON + timedelta(seconds=5), id="s")
    assert merged([again, lifecycle()[0]]).filed_at == NOON


def found() -> Found:
    return Found(merged(lifecycle()), None)  # type: ignore[arg-type]


def timeline(language: Any = "pt") -> list[tuple[int | None, str, str]]:
    shown = TimelinePresenter(language).timeline(found())
    return [(entry.seq, entry.type, entry.title) for entry in shown.entries]


def test_the_timeline_is_in_order_with_each_notice_after_its_fact() -> None:
    assert [(seq, type) for seq, type, _ in timeline()] == [
        (None, "request.submitted"),
        (1, "request.registered"),
        (None, "delivery.sent"),
        (2, "request.routed"),
        (3, "request.in-analysis"),
        (4, "request.document-accepted"),
        (6, "request.message-added"),
        (7, "request.concluded"),
        (8, "request.act-refused"),
        (None, "delivery.skipped"),
    ]


def test_the_timeline_keeps_the_order_of_seq_when_clocks_go_back() -> None:
    facts = [received(submitted(), id="s"), received(registered()), *lifecycle()[7:9]]
    behind = NOON - timedelta(hours=1)
    late = received(fact(RequestInAnalysis, 2, State.IN_ANALYSIS, department="pf", occurred_at=behind))
    shown = TimelinePresenter("pt").timeline(Found(merged([*facts, late]), None))  # type: ignore[arg-type]
    numbers = [entry.seq for entry in shown.entries if entry.seq]
    assert numbers == sorted(numbers)
    assert numbers[1] == 2


def test_the_timeline_is_in_the_language_of_the_reader() -> None:
    assert timeline("pt")[1][2] == "Pedido registado"
    assert timeline("en")[1][2] == "Request registered"


@pytest.mark.parametrize("name", [*NOTICES, *(rule.notice for rule in TRANSITIONS.values() if rule.notice)])
def test_the_timeline_says_which_notice_was_sent(name: str) -> None:
    assert name in NOTICE_NAMES
    view = merged([*lifecycle()[:2], notice(DeliverySent, "an event", 2, notice=name)])
    entries = TimelinePresenter("pt").timeline(Found(view, None)).entries  # type: ignore[arg-type]
    assert entries[-1].title == f"Aviso enviado: {NOTICE_NAMES[name].pt}"


def test_internal_details_are_not_stored_in_the_view() -> None:
    stored = merged(lifecycle()).model_dump_json()
    for internal in ("r-7", "outbox", "stale"):
        assert internal not in stored


def test_a_person_sees_their_own_acts_and_their_outcomes() -> None:
    written, refused = (entry for entry in TimelinePresenter("pt").timeline(found()).entries if entry.act_id)
    assert (written.act_id, written.text, written.documents) == (str(ACT), "Falta um papel.", (FILE,))
    assert (refused.act_id, refused.because, refused.documents) == (str(LATE_ACT), "not-allowed", None)
    assert (refused.because_text or "").startswith("O pedido já tinha sido concluído, por isso não pode ser retirado.")


@pytest.mark.parametrize(
    ("act_id", "outcome", "because"),
    [(ACT, "applied", None), (LATE_ACT, "refused", "not-allowed"), (UUID(int=99), "pending", None)],
)
def test_a_read_after_an_act_has_its_outcome(act_id: UUID, outcome: str, because: str | None) -> None:
    act = RequestPresenter("pt").request(found(), act_id).act
    assert act is not None
    text = act.because_text
    assert act == ActOutcome(act_id=act_id, outcome=outcome, because=because, because_text=text)
    assert bool(text) == (because is not None)
    assert RequestPresenter("pt").request(found()).act is None


def test_a_withdrawn_request_is_shown_as_withdrawn() -> None:
    view = merged([*lifecycle()[:4], received(fact(RequestWithdrawn, 4, State.WITHDRAWN, act_id=str(ACT)))])
    assert view.state is State.WITHDRAWN
    outcome = view.outcome_of(ACT)
    assert outcome is not None
    assert outcome.type == "request.withdrawn"


def test_a_request_has_its_department_and_dates() -> None:
    shown = RequestPresenter("en").request(found())
    assert (shown.department, shown.department_name) == ("pf", "Family Benefits")
    assert (str(shown.entered_on), str(shown.due_on)) == ("2026-03-02", "2026-03-16")
    assert (shown.state, shown.state_name) == ("concluded", "Concluded")


def test_every_state_has_a_label() -> None:
    assert set(STATE_NAMES) == set(State)


@pytest.mark.parametrize("topic", [topics.LIFECYCLE, topics.DELIVERIES, topics.INTAKE])
def test_every_fact_has_a_label_or_is_listed_as_hidden(topic: str) -> None:
    hidden = {"request.replied"}
    types = {short_type(kind) for kind in declared()[topic].values()}
    assert types - set(FACT_LABELS) <= hidden


def test_visible_fields_exist_in_their_events() -> None:
    for kind, fields in VISIBLE_FIELDS.items():
        assert set(fields.values()) <= set(kind.model_fields)


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (State.ANSWERED, "O pedido já tinha sido respondido. Se a resposta não for suficiente, escreva uma mensagem."),
        (
            State.CONCLUDED,
            (
                "O pedido já tinha sido concluído, por isso não pode ser retirado. Se a resposta não for suficiente, pode escrever "
                "até ao dia que o pedido indica; depois, apresente outro."
            ),
        ),
        (
            State.WITHDRAWN,
            "Tinha retirado este pedido, e um pedido retirado não pode ser alterado nem avaliado. Pode apresentar outro.",
        ),
        (State.REJECTED, "O pedido já tinha sido indeferido liminarmente. Pode apresentar outro pedido."),
        (State.UNKNOWN, "O pedido já não estava num estado que o permitisse. Pode apresentar outro pedido."),
    ],
)
def test_a_refused_act_says_in_which_state_the_request_was(state: State, text: str) -> None:
    view = merged([*lifecycle()[:4], received(fact(ActRefused, 5, state, act_id=str(ACT), code="not-allowed"))])
    request = RequestPresenter("pt").request(Found(view, None), ACT)  # type: ignore[arg-type]
    assert request.act is not None
    assert request.act.because_text == text


@pytest.mark.parametrize("code", [*Skip, "bad-address"])
def test_a_notice_that_was_not_sent_says_why(code: str) -> None:
    assert reason_of(code, None) is not None
