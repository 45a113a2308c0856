"""The acts of a person on their own request: a message, coming back on an answer, a withdrawal, a rating. Pure."""

from datetime import timedelta
from typing import Any, Final

from services.common.domain.decision import Decision
from services.common.domain.errors import Poison
from services.common.domain.received import INBOX_AGE, Received
from services.common.legal_clock import day_of, end_of
from services.intake.domain import asked
from services.intake.domain.state import Progress, Request, refuse, require_registered
from services.intake.domain.terms import (
    ANSWER_AGAIN,
    Terms,
    close_hearing,
    end_suspension,
    follow_calendar,
    reply_until,
    set_deadline,
    settle_miss,
)
from services.intake.domain.transitions import Move, next_state
from services.intake.messages import (
    Act,
    MessageAdded,
    Rated,
    Reopened,
    RequestRated,
    RequestReopened,
    RequestReplied,
    RequestWithdrawn,
    State,
    Withdrawn,
)

MAX_ACTS: Final = 500
"""Acts on one request within `INBOX_AGE`, the time for which the inbox remembers each of them."""

ONE_MORE_AFTER: Final = timedelta(hours=1)
"""After this long without an act one more is taken above the limit: nobody is locked out for weeks."""


def reply(current: Request | None, received: Received[RequestReplied], terms: Terms) -> Decision[Request]:
    """Add a message. On an answer it returns the request to analysis; where nobody can answer it any more it is refused.

    A department must have seen it before it may decide.
    """
    request = _require_owned(current, received.event)
    if next_state(request.state, Move.ADD_MESSAGE) is None:
        return _reopen(request, received, received.event, terms)
    progress = _with_act_counted(request, received)
    if progress is None:
        return refuse(request, received, received.at, "too-many-acts", **_content(received.event))
    _add_message(progress, received, received.event)
    if request.hearing_until is not None:
        close_hearing(progress, terms, day_of(received.at), answered=True)
    else:
        follow_calendar(progress, terms)
    return progress.decision()


def reopen(current: Request | None, received: Received[Reopened], terms: Terms) -> Decision[Request]:
    """Come back on an answer, with or without words."""
    return _reopen(_require_owned(current, received.event), received, received.event, terms)


def _reopen(
    request: Request, received: Received[Any], event: RequestReplied | Reopened, terms: Terms
) -> Decision[Request]:
    """The request is in analysis again: a new term, a new epoch, the same entry date and department."""
    state = next_state(request.state, Move.REOPEN)
    until = reply_until(request)
    if state is None or until is None or received.at >= end_of(until):
        open_still = next_state(request.state, Move.ADD_MESSAGE) is not None
        return refuse(request, received, received.at, "not-allowed" if open_still else "closed", **_content(event))
    progress = _with_act_counted(request, received)
    if progress is None:
        return refuse(request, received, received.at, "too-many-acts", **_content(event))
    today = day_of(received.at)
    progress.change(
        epoch=request.epoch + 1,
        answered_on=None,
        reply_until=None,
        extended=False,
        missed=False,
        person_seq=request.seq + 1,
    )
    set_deadline(progress, terms, terms.named(today, ANSWER_AGAIN), today)
    progress.say(
        RequestReopened,
        state,
        act_id=received.id,
        department=request.department,
        deadline=progress.request.deadline,
    )
    if event.text is not None or event.documents:
        _add_message(progress, received, event)
    return progress.decision()


def withdraw(current: Request | None, received: Received[Withdrawn], terms: Terms) -> Decision[Request]:
    """Withdraw the request. It is refused if a department decided first."""
    request = _require_owned(current, received.event)
    progress = _with_act_counted(request, received)
    if progress is None:
        return refuse(request, received, received.at, "too-many-acts")
    state = next_state(request.state, Move.WITHDRAW)
    if state is None:
        return refuse(request, received, received.at, "not-allowed")
    settle_miss(progress, terms)
    ended = end_suspension(progress, terms, day_of(received.at))
    dropped = asked.drop_open_items(progress)
    progress.change(hearing_until=None)
    progress.say(RequestWithdrawn, state, act_id=received.id, deadline=ended, asked=dropped)
    return progress.decision()


def rate(current: Request | None, received: Received[Rated]) -> Decision[Request]:
    """Rate how the request was handled, once."""
    event = received.event
    request = _require_owned(current, event)
    progress = _with_act_counted(request, received)
    if progress is None:
        return refuse(request, received, received.at, "too-many-acts")
    if request.rated:
        return refuse(request, received, received.at, "rated-already")
    if next_state(request.state, Move.RATE) is None:
        return refuse(request, received, received.at, "not-allowed")
    progress.change(rated=True)
    progress.say(RequestRated, act_id=received.id, score=event.score, text=event.text)
    return progress.decision()


def _add_message(progress: Progress, received: Received[Any], event: RequestReplied | Reopened) -> None:
    items = event.items if isinstance(event, RequestReplied) else ()
    before = progress.request
    if before.state is State.AWAITING_DOCUMENTS:
        progress.request = asked.deliver(before, items, event.documents, received.at)
    progress.change(person_seq=before.seq + 1)
    progress.say(
        MessageAdded,
        act_id=received.id,
        text=event.text,
        documents=event.documents,
        items=items,
        asked=progress.request.asked if progress.request.asked != before.asked else None,
    )


def _require_owned(current: Request | None, act: Act) -> Request:
    """The gateway checks the owner first. A record of another account, or of somebody who may not read the request, cannot come from
    the gateway: it is poison.
    """
    request = require_registered(current)
    if request.account_id != act.account_id or request.restricted_to not in (None, act.actor_id):
        raise Poison("not-the-owner")
    return request


def _with_act_counted(request: Request, received: Received[Any]) -> Progress | None:
    """The request with this act counted. None above `MAX_ACTS`, unless the last act is more than an hour old."""
    recent = tuple(at for at in request.acted_at if received.at - at <= INBOX_AGE)
    if len(recent) >= MAX_ACTS and received.at - max(recent) < ONE_MORE_AFTER:
        return None
    return Progress(request.model_copy(update={"acted_at": (*recent, received.at)}), received.at)


def _content(event: RequestReplied | Reopened) -> dict[str, Any]:
    """What a refused message said: its author can carry it over to a new request."""
    return {"text": event.text, "documents": event.documents}
