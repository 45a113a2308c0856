"""An entry in the book of requests, and how it comes to its next fact. Pure."""

from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

from services.common.contracts.base import Value
from services.common.contracts.lifecycle import CommandRef
from services.common.domain.decision import Decision, refused
from services.common.domain.errors import Poison
from services.common.domain.received import Received
from services.intake.messages import ActRefused, LifecycleFact, State

F = TypeVar("F", bound=LifecycleFact)


class Request(Value):
    """What intake knows of a request. `seq` is that of the last fact it said.

    `person_seq` is the last fact a department must have seen before it may answer: a message or an accepted file.
    `acted_at` holds when the person acted lately, for the bound on their acts.
    """

    request_id: UUID
    reference: str
    account_id: UUID
    state: State
    seq: int
    entered_on: date
    due_on: date
    documents: tuple[UUID, ...]
    department: str | None = None
    person_seq: int = 0
    answered_on: date | None = None
    acted_at: tuple[datetime, ...] = ()


def known(current: Request | None) -> Request:
    """What is about a request comes after its registration on every topic intake reads; otherwise it is impossible."""
    if current is None:
        raise Poison("unknown-request")
    return current


def with_next_seq(request: Request, state: State, **more: Any) -> Request:
    """The request with its next fact, standing at `state` after it."""
    return request.model_copy(update={"state": state, "seq": request.seq + 1, **more})


def fact(kind: type[F], request: Request, at: datetime, **facts: Any) -> F:
    """The fact that `request` was last moved by."""
    return kind(
        request_id=request.request_id,
        reference=request.reference,
        account_id=request.account_id,
        seq=request.seq,
        state=request.state,
        occurred_at=at,
        **facts,
    )


def refuse(
    request: Request,
    received: Received[Any],
    at: datetime,
    code: str,
    *,
    command: CommandRef | None = None,
    catch_up_to: int | None = None,
) -> Decision[Request]:
    """Say that an act had no effect; its author is told, and the request stays as it is."""
    told = with_next_seq(request, request.state)
    act = command.id if command else received.id
    return refused(told, fact(ActRefused, told, at, act_id=act, code=code, catch_up_to=catch_up_to, command=command))
