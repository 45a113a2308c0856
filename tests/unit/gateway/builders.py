"""Builders of sessions, requests and facts."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from gateway.accounts.domain import Session
from services.common.contracts import Event
from services.common.contracts.intake import RequestSubmitted
from services.common.contracts.lifecycle import LifecycleFact, RequestRegistered, State
from services.common.domain.identifiers import derived_id, reference_of
from services.common.domain.position import Position
from services.common.domain.received import Received

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ACCOUNT = UUID("00000000-0000-4000-8000-000000000001")
REQUEST = UUID("9b16130b-e960-f6cf-e51c-987f9797a9ff")
BODY = {"subject": "FAM-01", "reason": "INF", "description": "Bom dia. Que papéis tenho de levar?"}


class Clock:
    """A clock that tests move by setting `now`."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def session(**changes: Any) -> Session:
    values = {"account_id": ACCOUNT, "actor_id": ACCOUNT, "who": "P", "language": "pt"}
    return Session.model_validate({**values, "expires_at": datetime.now(UTC) + timedelta(hours=8)} | changes)


def submitted(**changes: Any) -> RequestSubmitted:
    values = {
        "request_id": REQUEST,
        "reference": reference_of(REQUEST),
        "account_id": ACCOUNT,
        "actor_id": ACCOUNT,
        "who": "P",
        "catalogue_version": 1,
        **BODY,
    }
    return RequestSubmitted.model_validate(values | changes)


def fact(kind: type[LifecycleFact], seq: int, state: State, **fields: Any) -> LifecycleFact:
    values = {
        "request_id": REQUEST,
        "reference": reference_of(REQUEST),
        "account_id": ACCOUNT,
        "occurred_at": NOON + timedelta(minutes=seq),
        "seq": seq,
        "state": state,
    }
    return kind.model_validate(values | fields)


def registered(seq: int = 1) -> LifecycleFact:
    fields = submitted().model_dump(exclude={"actor_id"})
    dates = {"entered_on": "2026-03-02", "due_on": "2026-03-16", "calendar": "PT/0.84"}
    return fact(RequestRegistered, seq, State.REGISTERED, **{**fields, **dates, "occurred_at": NOON})


def received(event: Event, *, at: datetime = NOON, id: str | None = None) -> Received[Any]:
    identifier = id or str(derived_id("test", event.TYPE, getattr(event, "seq", uuid4().hex)))
    return Received(
        event=event,
        id=identifier,
        digest=b"",
        topic="t",
        key=str(REQUEST),
        target=str(REQUEST),
        partition=0,
        at=at,
        position=Position("t", 0, 0),
        correlation=identifier,
    )
