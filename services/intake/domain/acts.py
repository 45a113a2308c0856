"""What a person does about their own request: they write, they take it back. Pure."""

from datetime import datetime
from typing import Final

from services.common.domain.decision import Decision, changed
from services.common.domain.errors import Poison
from services.common.domain.received import INBOX_AGE, Received
from services.intake.domain.state import Request, fact, known, refuse, with_next_seq
from services.intake.domain.transitions import Move, after
from services.intake.messages import Act, MessageAdded, RequestReplied, RequestWithdrawn, Withdrawn

MOST_ACTS: Final = 500
"""Acts that a request takes within the time in which each of them is remembered."""


def reply(current: Request | None, received: Received[RequestReplied]) -> Decision[Request]:
    """A message is kept wherever the request stands, and must be seen before a department answers."""
    event, request = received.event, _own(current, received.event)
    lately = _lately(request, received.at)
    if len(lately) >= MOST_ACTS:
        return refuse(request, received, received.at, "too-many-acts")
    told = with_next_seq(request, request.state, person_seq=request.seq + 1, acted_at=(*lately, received.at))
    return changed(
        told, fact(MessageAdded, told, received.at, act_id=received.id, text=event.text, documents=event.documents)
    )


def withdraw(current: Request | None, received: Received[Withdrawn]) -> Decision[Request]:
    """The person takes the request back, unless a department has decided meanwhile."""
    request = _own(current, received.event)
    lately = _lately(request, received.at)
    if len(lately) >= MOST_ACTS:
        return refuse(request, received, received.at, "too-many-acts")
    state = after(request.state, Move.WITHDRAW)
    if state is None:
        return refuse(request, received, received.at, "not-allowed")
    closed = with_next_seq(request, state, acted_at=(*lately, received.at))
    return changed(closed, fact(RequestWithdrawn, closed, received.at, act_id=received.id))


def _own(current: Request | None, act: Act) -> Request:
    """The gateway lets nobody act on what is somebody else's: an act that does is none of a person's."""
    request = known(current)
    if request.account_id != act.account_id:
        raise Poison("not-the-owner")
    return request


def _lately(request: Request, now: datetime) -> tuple[datetime, ...]:
    return tuple(at for at in request.acted_at if now - at <= INBOX_AGE)
