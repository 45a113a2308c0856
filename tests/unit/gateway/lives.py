"""Facts of the whole life of a request, as a department and a person cause them."""

from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

from gateway.requests.presenter import RequestPresenter
from gateway.requests.queries import Found
from gateway.requests.read_schemas import RequestResponse
from gateway.requests.view import RequestView
from gateway.worker.handlers import views
from services.common.catalogue import Language
from services.common.contracts import declared, topics
from services.common.contracts.asked import AskedItem, ItemState
from services.common.contracts.handling import (
    DeadlineApproaching,
    DeadlineMissed,
    DeadlineMissRetracted,
    DocumentsLapsed,
    DocumentsReceived,
    DocumentsReminded,
    DocumentsRequested,
    HearingClosed,
    HearingOpened,
    RequestExtended,
    RequestForwarded,
    RequestRated,
    RequestReopened,
)
from services.common.contracts.lifecycle import (
    ActRefused,
    DocumentAccepted,
    DocumentRefused,
    LifecycleFact,
    MessageAdded,
    RequestAnswered,
    RequestConcluded,
    RequestInAnalysis,
    RequestRegistered,
    RequestRejected,
    RequestRouted,
    RequestWithdrawn,
    State,
)
from services.common.legal_clock import Calendar, Clock, Deadline, Suspension, deadline
from tests.unit.gateway.builders import fact, received, registered, submitted

ENTERED: Final = date(2026, 3, 2)
BEFORE_ALL: Final = datetime(2026, 3, 9, 12, tzinfo=UTC)
"""Before the last day of every term here."""

FILE, OTHER = UUID(int=9), UUID(int=12)
ACT: Final = "00000000-0000-0000-0000-00000000000a"


def term(start: date = ENTERED, length: int = 10, code: str = "INF10", **more: Any) -> Deadline:
    days = Calendar.of_public_holidays().working_days(None, more.get("place"))
    return deadline(start, code, Clock(length=length, unit="working_days"), days, **more)


STANDING_STILL: Final = term(suspensions=(Suspension(since=date(2026, 3, 4), because="documents"),))


def item(number: int, state: ItemState = ItemState.OPEN, **more: Any) -> AskedItem:
    return AskedItem(number=number, what="O recibo de abril", why="Para ver o valor", state=state, **more)


FIELDS: Final[dict[type[LifecycleFact], tuple[State, dict[str, Any]]]] = {
    RequestRouted: (State.REGISTERED, {"department": "pf", "assignment_id": FILE, "epoch": 1, "rule": "r-7"}),
    RequestInAnalysis: (State.IN_ANALYSIS, {"department": "pf"}),
    DocumentsRequested: (
        State.AWAITING_DOCUMENTS,
        {
            "department": "pf",
            "text": "Precisamos de mais.",
            "items": (1, 2),
            "asked": (item(1), item(2, formats=("application/pdf",))),
            "deadline": STANDING_STILL,
            "deliver_until": date(2026, 3, 18),
            "deliver_term": term(date(2026, 3, 4), code="DOC10"),
        },
    ),
    DocumentsReminded: (State.AWAITING_DOCUMENTS, {"deliver_until": date(2026, 3, 18)}),
    DocumentAccepted: (
        State.AWAITING_DOCUMENTS,
        {
            "document_id": FILE,
            "name": "recibo.pdf",
            "media_type": "application/pdf",
            "size": 9,
            "sha256": "y",
            "item": 1,
            "asked": (item(1, ItemState.RECEIVED, documents=(FILE,)), item(2, formats=("application/pdf",))),
        },
    ),
    DocumentRefused: (State.AWAITING_DOCUMENTS, {"document_id": OTHER, "because": "expired", "item": 2}),
    MessageAdded: (State.AWAITING_DOCUMENTS, {"act_id": ACT, "text": "Aqui está.", "documents": (FILE,)}),
    DocumentsReceived: (State.IN_ANALYSIS, {"deadline": term()}),
    DocumentsLapsed: (State.IN_ANALYSIS, {"deliver_until": date(2026, 3, 18)}),
    HearingOpened: (
        State.IN_ANALYSIS,
        {
            "department": "pf",
            "text": "Falta o direito.",
            "answer_until": date(2026, 3, 19),
            "answer_term": term(date(2026, 3, 5), code="AUD10"),
        },
    ),
    HearingClosed: (State.IN_ANALYSIS, {"answered": True}),
    RequestForwarded: (
        State.IN_ANALYSIS,
        {"department": "dd", "from_department": "pf", "text": "É do desemprego.", "hops": 1},
    ),
    RequestExtended: (
        State.IN_ANALYSIS,
        {"department": "dd", "text": "Falta um parecer.", "deadline": term(extension=5)},
    ),
    DeadlineApproaching: (State.IN_ANALYSIS, {"due_on": date(2026, 3, 16), "working_days_left": 1}),
    DeadlineMissed: (State.IN_ANALYSIS, {"due_on": date(2026, 3, 16)}),
    DeadlineMissRetracted: (State.IN_ANALYSIS, {"due_on": date(2026, 3, 16)}),
    RequestAnswered: (
        State.ANSWERED,
        {
            "department": "dd",
            "text": "Não é possível.",
            "reply_until": date(2026, 3, 30),
            "reply_term": term(date(2026, 3, 16), code="REPLY10"),
            "outcome": "refused",
            "grounds": "Não tem o prazo de garantia.",
            "appeal": {"means": "Reclamação ao diretor.", "until": date(2026, 4, 20)},
        },
    ),
    RequestReopened: (State.IN_ANALYSIS, {"act_id": ACT, "department": "dd", "deadline": term(date(2026, 3, 20))}),
    RequestRated: (State.CONCLUDED, {"act_id": ACT, "score": 4, "text": "Foi rápido."}),
    RequestRejected: (State.REJECTED, {"department": "pf", "text": "Não se percebe."}),
    RequestWithdrawn: (State.WITHDRAWN, {"act_id": ACT}),
    ActRefused: (State.CONCLUDED, {"act_id": ACT, "code": "closed", "text": "Mas eu tenho!", "documents": (FILE,)}),
}
"""By type: the state after the fact, and its own fields. Other facts have none, and leave a request in analysis or concluded."""

SAMPLED: Final = [kind for kind in declared()[topics.LIFECYCLE].values() if kind is not RequestRegistered]


def sample(kind: Any, seq: int, state: State | None = None, **changes: Any) -> LifecycleFact:
    usual, fields = FIELDS.get(kind, (State.IN_ANALYSIS, {}))
    return fact(kind, seq, state or usual, **fields | changes)


def life(*kinds: Any) -> RequestView:
    """The view of a request that is filed and registered, and then lives through facts of these types, or through these facts."""
    facts = [each if isinstance(each, LifecycleFact) else sample(each, seq) for seq, each in enumerate(kinds, 2)]
    view: RequestView | None = None
    for event in (submitted(), registered(), *facts):
        merge = views.of(event)
        assert merge is not None
        view = merge(view, received(event))
    assert view is not None
    return view


CONCLUDED: Final = sample(RequestConcluded, 4, State.CONCLUDED)


def read(view: RequestView, language: Language = "pt", now: datetime = BEFORE_ALL) -> RequestResponse:
    """What the author reads, with the outcome of the act `ACT`."""
    found = Found(view, None)  # type: ignore[arg-type]
    return RequestPresenter(language, now).request(found, UUID(ACT))
