"""The state of a request, and the next fact about it. Pure."""

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
    """The aggregate. `seq` is the number of the last published fact.

    `person_seq` is the `seq` of the latest message or accepted file; a department must have seen it before it answers.
    `acted_at` are the times of the person's recent acts, for the limit on acts.
    """

    request_id: UUID
    reference: str
    account_id: UUID
    state: State
    seq: int
    entered_on: date
    due_on: date
    documents: tuple[UUID, ...]
    language: str | None = None
    subject: str | None = None
    reason: str | None = None
    department: str | None = None
    person_seq: int = 0
    answered_on: date | None = None
    acted_at: tuple[datetime, ...] = ()


def require_registered(current: Request | None) -> Request:
    """On every topic that intake consumes, a request's submission comes first: an event before it is poison."""
    if current is None:
        raise Poison("unknown-request")
    return current


def with_next_seq(request: Request, state: State, **more: Any) -> Request:
    """The request with the `seq` of its next fact, in `state`."""
    return request.model_copy(update={"state": state, "seq": request.seq + 1, **more})


def fact(kind: type[F], request: Request, at: datetime, **fields: Any) -> F:
    """A fact with the `seq` and state of `request`."""
    return kind(
        request_id=request.request_id,
        reference=request.reference,
        account_id=request.account_id,
        language=request.language,
        subject=request.subject,
        reason=request.reason,
        seq=request.seq,
        state=request.state,
        occurred_at=at,
        **fields,
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
    """Publish that an act or a command had no effect. Only `seq` changes."""
    updated = with_next_seq(request, request.state)
    act_id = command.id if command else received.id
    refusal = fact(ActRefused, updated, at, act_id=act_id, code=code, catch_up_to=catch_up_to, command=command)
    return refused(updated, refusal)
