"""The state of a request, and the facts that are said about it. Pure."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.common.contracts.asked import AskedItem
from services.common.contracts.base import Value
from services.common.contracts.lifecycle import CommandRef
from services.common.domain.decision import Decision, changed, refused
from services.common.domain.errors import Poison
from services.common.domain.received import Received
from services.common.legal_clock import Deadline
from services.intake.messages import ActRefused, LifecycleFact, State


class Alert(Value):
    """A warning that is still to be said: on `day`, so many working days are left."""

    day: date
    working_days_left: int


class Request(Value):
    """The aggregate. `seq` is the number of the last published fact.

    `person_seq` is the `seq` of the latest message, accepted file or reopening; a department must have seen it before it decides.
    `acted_at` are the times of the person's recent acts, for the limit on acts.

    `deadline` is the legal term of the answer, `alerts` its warnings, and `missed` that it has passed. Requests of older versions
    have only `due_on` and `answered_on`. `checking` are files of `asked` whose check has not ended, and `delivered_on` the day
    of the latest delivery. `hearing_until` is set while a hearing is open. `catalogue_version` is the version of the catalogue that
    it was filed under; None in requests of older versions of Postigo.
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
    catalogue_version: int | None = None
    restricted_to: UUID | None = None
    place: str | None = None
    department: str | None = None
    epoch: int = 1
    hops: int = 0
    person_seq: int = 0
    answered_on: date | None = None
    reply_until: date | None = None
    acted_at: tuple[datetime, ...] = ()
    deadline: Deadline | None = None
    alerts: tuple[Alert, ...] = ()
    counted_at: datetime | None = None
    """When the deadline was counted last: a miss is never judged by the calendar of an earlier moment."""
    missed: bool = False
    extended: bool = False
    asked: tuple[AskedItem, ...] = ()
    checking: tuple[UUID, ...] = ()
    delivered_on: date | None = None
    deliver_until: date | None = None
    remind_on: date | None = None
    hearing_until: date | None = None
    rated: bool = False


def require_registered(current: Request | None) -> Request:
    """On every topic that intake consumes, a request's submission comes first: an event before it is poison."""
    if current is None:
        raise Poison("unknown-request")
    return current


class Progress:
    """A request as a decision changes it, and the facts that the decision says, each with its own `seq`.

    `at`: when what is decided happened. `told_at`: when it reached us, which may be later: terms of the person count from then,
    because they cannot be told before.
    """

    def __init__(self, request: Request, at: datetime, told_at: datetime | None = None) -> None:
        self.request = request
        self.at = at
        self.told_at = told_at or at
        self._facts: list[LifecycleFact] = []

    def change(self, **changes: Any) -> None:
        self.request = self.request.model_copy(update=changes)

    def say(self, kind: type[LifecycleFact], state: State | None = None, /, **fields: Any) -> None:
        """Say the next fact, in `state` (by default the present one). `fields` are those of the fact alone."""
        request = self.request
        self.change(seq=request.seq + 1, state=state or request.state)
        self._facts.append(_fact(kind, self.request, self.at, **fields))

    def decision(self) -> Decision[Request]:
        return changed(self.request, *self._facts)


def _fact(kind: type[LifecycleFact], request: Request, at: datetime, **fields: Any) -> LifecycleFact:
    return kind(
        request_id=request.request_id,
        reference=request.reference,
        account_id=request.account_id,
        language=request.language,
        subject=request.subject,
        reason=request.reason,
        catalogue_version=request.catalogue_version,
        restricted_to=request.restricted_to,
        epoch=request.epoch,
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
    **fields: Any,
) -> Decision[Request]:
    """Publish that an act or a command had no effect. Only `seq` changes."""
    updated = request.model_copy(update={"seq": request.seq + 1})
    act_id = command.id if command else received.id
    return refused(updated, _fact(ActRefused, updated, at, act_id=act_id, code=code, command=command, **fields))
