"""Facts and deliveries as the tests of notifications need them."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

from services.common.contracts.asked import AskedItem
from services.common.contracts.handling import (
    DocumentsLapsed,
    DocumentsReceived,
    DocumentsReminded,
    DocumentsRequested,
    HearingClosed,
    HearingOpened,
    RequestExtended,
    RequestForwarded,
    RequestReopened,
)
from services.common.contracts.lifecycle import (
    DocumentRefused,
    LifecycleFact,
    RequestAnswered,
    RequestConcluded,
    RequestRegistered,
    RequestRejected,
    RequestWithdrawn,
    State,
)
from services.common.domain.identifiers import reference_of
from services.common.domain.position import Position
from services.common.domain.received import Received
from services.common.legal_clock import Deadline, Suspension
from services.notifications import domain
from services.notifications.domain import Delivery

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MAIL_DOMAIN = "postigo.example"
PERSONS_WORDS = "O MEU VIZINHO NAO DECLARA OS TRABALHADORES"

TERM = Deadline(
    due_on=date(2026, 3, 16),
    entered_on=date(2026, 3, 2),
    term="INF10",
    length=10,
    unit="working_days",
    calendar="PT/0",
)
SUSPENDED = TERM.model_copy(update={"suspensions": (Suspension(since=date(2026, 3, 2), because="documents"),)})

_OWN: dict[type[LifecycleFact], dict[str, Any]] = {
    RequestRegistered: {
        "who": "P",
        "subject": "FAM-01",
        "reason": "DEN",
        "catalogue_version": 1,
        "language": "pt",
        "description": PERSONS_WORDS,
        "documents": (),
        "entered_on": date(2026, 3, 2),
        "due_on": date(2026, 3, 16),
        "calendar": "PT/0",
    },
    RequestAnswered: {"department": "pf", "text": PERSONS_WORDS},
    RequestConcluded: {},
    RequestRejected: {"department": "pf", "text": PERSONS_WORDS},
    RequestWithdrawn: {"act_id": "c1d47f02-9be8-4a55-8f10-6ad3e2b90c7e"},
    DocumentRefused: {"document_id": UUID(int=7), "because": "not-claimed"},
    DocumentsRequested: {
        "department": "pf",
        "text": PERSONS_WORDS,
        "items": (1,),
        "deliver_until": date(2026, 3, 16),
        "deliver_term": TERM,
        "asked": (AskedItem(what=PERSONS_WORDS, why=PERSONS_WORDS, number=1),),
        "deadline": SUSPENDED,
    },
    DocumentsReminded: {"deliver_until": date(2026, 3, 4)},
    DocumentsReceived: {"deadline": TERM},
    DocumentsLapsed: {"deliver_until": date(2026, 3, 1), "deadline": TERM},
    HearingOpened: {
        "department": "pf",
        "text": PERSONS_WORDS,
        "answer_until": date(2026, 3, 16),
        "answer_term": TERM,
        "deadline": SUSPENDED,
    },
    HearingClosed: {"answered": False, "deadline": TERM},
    RequestForwarded: {
        "department": "dd",
        "from_department": "pf",
        "text": PERSONS_WORDS,
        "hops": 1,
        "deadline": TERM,
    },
    RequestExtended: {"department": "pf", "text": PERSONS_WORDS, "deadline": TERM},
    RequestReopened: {"act_id": "c1d47f02-9be8-4a55-8f10-6ad3e2b90c7e", "deadline": TERM},
}


def fact(
    kind: type[LifecycleFact], request_id: UUID | None = None, account_id: UUID | None = None, **other: Any
) -> LifecycleFact:
    request = request_id or uuid4()
    about: dict[str, Any] = {
        "request_id": request,
        "reference": reference_of(request),
        "account_id": account_id or uuid4(),
        "seq": 1,
        "state": State.REGISTERED,
        "occurred_at": NOON,
    }
    return kind(**about | _OWN[kind] | other)


def received(event: LifecycleFact, id: str | None = None) -> Received[LifecycleFact]:
    return Received(
        event=event,
        id=id or str(uuid4()),
        digest=b"",
        topic=event.topic,
        key=event.key,
        target=event.key,
        partition=3,
        at=NOON,
        position=Position(event.topic, 3, 0),
        correlation="cause-of-all",
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    )


FACTS: dict[str, LifecycleFact] = {
    "opened": fact(RequestRegistered, subject="FAM-01", reason="NAS", catalogue_version=1),
    "registered": fact(RequestRegistered),
    "answered": fact(RequestAnswered, reply_until=date(2026, 3, 16)),
    "resolved": fact(RequestAnswered, concludes=True, reply_until=date(2026, 3, 16)),
    "lapsed": fact(RequestConcluded, lapsed=True),
    "rejected": fact(RequestRejected),
    "withdrawn": fact(RequestWithdrawn),
    "document-refused": fact(DocumentRefused),
    "documents-requested": fact(DocumentsRequested),
    "documents-reminder": fact(DocumentsReminded),
    "documents-lapsed": fact(DocumentsLapsed),
    "hearing-opened": fact(HearingOpened),
    "hearing-lapsed": fact(HearingClosed),
    "forwarded": fact(RequestForwarded),
    "extended": fact(RequestExtended),
    "reopened": fact(RequestReopened),
}
"""A fact for each notice."""


def delivery(
    account_id: UUID | None = None, kind: type[LifecycleFact] = RequestRegistered, /, **other: Any
) -> Delivery:
    """The delivery of a fact with `other` fields."""
    (made,) = domain.deliveries_of(received(fact(kind, account_id=account_id, **other)), MAIL_DOMAIN)
    return made


def delivery_of(notice: str, **other: Any) -> Delivery:
    """The delivery of that notice, of a fact with `other` fields."""
    (made,) = domain.deliveries_of(received(FACTS[notice].model_copy(update=other)), MAIL_DOMAIN)
    return made
