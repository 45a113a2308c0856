"""The acts of a person on their own request: a message, or a withdrawal. Pure."""

from datetime import datetime
from typing import Final

from services.common.domain.decision import Decision, changed
from services.common.domain.errors import Poison
from services.common.domain.received import INBOX_AGE, Received
from services.intake.domain.state import Request, fact, refuse, require_registered, with_next_seq
from services.intake.domain.transitions import CLOSED, Move, next_state
from services.intake.messages import Act, MessageAdded, RequestReplied, RequestWithdrawn, Withdrawn

MAX_ACTS: Final = 500
"""Acts on one request within `INBOX_AGE`, the time for which the inbox remembers each of them."""


def reply(current: Request | None, received: Received[RequestReplied]) -> Decision[Request]:
    """Add a message. It is refused once the request is closed: nobody would answer it.

    A department must have seen it before it may decide.
    """
    event, request = received.event, _require_owned(current, received.event)
    if request.state in CLOSED:
        return refuse(request, received, received.at, "closed")
    recent = _recent_acts(request, received.at)
    if len(recent) >= MAX_ACTS:
        return refuse(request, received, received.at, "too-many-acts")
    updated = with_next_seq(request, request.state, person_seq=request.seq + 1, acted_at=(*recent, received.at))
    added = fact(MessageAdded, updated, received.at, act_id=received.id, text=event.text, documents=event.documents)
    return changed(updated, added)


def withdraw(current: Request | None, received: Received[Withdrawn]) -> Decision[Request]:
    """Withdraw the request. It is refused if a department decided first."""
    request = _require_owned(current, received.event)
    recent = _recent_acts(request, received.at)
    if len(recent) >= MAX_ACTS:
        return refuse(request, received, received.at, "too-many-acts")
    state = next_state(request.state, Move.WITHDRAW)
    if state is None:
        return refuse(request, received, received.at, "not-allowed")
    withdrawn = with_next_seq(request, state, acted_at=(*recent, received.at))
    return changed(withdrawn, fact(RequestWithdrawn, withdrawn, received.at, act_id=received.id))


def _require_owned(current: Request | None, act: Act) -> Request:
    """The gateway checks the owner first. A record of another account cannot come from the gateway: it is poison."""
    request = require_registered(current)
    if request.account_id != act.account_id:
        raise Poison("not-the-owner")
    return request


def _recent_acts(request: Request, now: datetime) -> tuple[datetime, ...]:
    return tuple(at for at in request.acted_at if now - at <= INBOX_AGE)
