"""A delivery and its state machine: the table of transitions, and a function for each step."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from pydantic import Field

from services.common.contracts.base import Value
from services.common.domain.identifiers import derived_id
from services.common.domain.received import Received
from services.common.legal_clock import day_of
from services.notifications.domain.matrix import Row, row_of
from services.notifications.domain.recipient import Skip
from services.notifications.domain.retry_policy import GIVE_UP_AFTER, RETRY_POLICIES, FailureKind, backoff
from services.notifications.messages import Channel, LifecycleFact

TEMPLATES: Final = "v2"
"""The version of the templates for new deliveries. Existing deliveries keep theirs."""

LEASE: Final = timedelta(seconds=60)
"""Longer than any try takes, so that it expires only if the process is dead or frozen."""


CONFIDENTIAL: Final = frozenset({"DEN"})
"""Reasons of requests whose notices do not say what they are about."""


class Status(StrEnum):
    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    SKIPPED = "skipped"


ENDED: Final = frozenset({Status.SENT, Status.FAILED, Status.SKIPPED})


class Step(StrEnum):
    WAIT = "wait"
    LEASE = "lease"
    RETRY = "retry"
    ACCEPTED = "accepted"
    GIVE_UP = "give-up"
    SKIP = "skip"


TRANSITIONS: Final[Mapping[tuple[Status, Step], Status]] = {
    # Another notice about the request goes first.
    (Status.PENDING, Step.WAIT): Status.PENDING,
    (Status.PENDING, Step.LEASE): Status.SENDING,
    # Skipped at creation.
    (Status.PENDING, Step.SKIP): Status.SKIPPED,
    # The lease expired without a result: another process tries again.
    (Status.SENDING, Step.LEASE): Status.SENDING,
    (Status.SENDING, Step.RETRY): Status.PENDING,
    (Status.SENDING, Step.ACCEPTED): Status.SENT,
    (Status.SENDING, Step.GIVE_UP): Status.FAILED,
    (Status.SENDING, Step.SKIP): Status.SKIPPED,
}


class Delivery(Value):
    """One notice to one account on one channel.

    `due_at` is the time of the next try, or the end of the lease; None after the delivery has ended.
    `failures` counts the failed tries by their kind. `because` is the code of the last one. `seq` is that of the fact.
    Deliveries stored by older versions have neither `seq` nor what a notice says of the fact.
    """

    id: UUID
    status: Status
    notice: str
    channel: Channel
    event_id: str
    account_id: UUID
    request_id: UUID
    reference: str
    seq: int = 0
    language: str | None = None
    subject: str | None = None
    catalogue_version: int | None = None
    happened_on: date | None = None
    due_on: date | None = None
    reply_until: date | None = None
    deliver_until: date | None = None
    answer_until: date | None = None
    department: str | None = None
    message_id: str
    templates: str
    correlation: str
    traceparent: str | None
    due_at: datetime | None
    holder: str | None = None
    first_tried_at: datetime | None = None
    ended_at: datetime | None = None
    failures: dict[str, int] = Field(default_factory=dict)
    because: str | None = None


class NotAllowed(Exception):
    """The table of transitions has no such step."""


def deliveries_of(received: Received[LifecycleFact], mail_domain: str) -> Sequence[Delivery]:
    """One delivery for each channel of the fact. The ids are derived, so a repetition makes the same ones.

    That of a fact that nobody is told of is skipped at once, and its outcome is not published.

    The Message-ID is fixed here, so every try sends the same mail under any settings. The deliveries of a quiet fact are
    skipped: a replay must not notify people of old facts.
    """
    row = row_of(received.event)
    made = [_new_delivery(received, row, channel, mail_domain) for channel in row.channels] if row else []
    if row and not row.told:
        return [_step(each, Step.SKIP, due_at=None, because=Skip.SILENT.value) for each in made]
    return [skipped(each, Skip.REPLAY, received.at) for each in made] if received.quiet else made


def _new_delivery(received: Received[LifecycleFact], row: Row, channel: Channel, mail_domain: str) -> Delivery:
    event = received.event
    # Facts of older versions name no reader.
    confidential = event.restricted_to is not None or event.reason in CONFIDENTIAL
    identifier = derived_id(received.id, channel, str(event.account_id))
    return Delivery(
        id=identifier,
        status=Status.PENDING,
        notice=row.notice,
        channel=channel,
        event_id=received.id,
        account_id=event.account_id,
        request_id=event.request_id,
        reference=event.reference,
        seq=event.seq,
        language=event.language,
        subject=None if confidential else event.subject,
        catalogue_version=event.catalogue_version,
        happened_on=day_of(event.occurred_at),
        due_on=getattr(event, "due_on", None) or _running_until(event),
        reply_until=getattr(event, "reply_until", None),
        deliver_until=getattr(event, "deliver_until", None),
        answer_until=getattr(event, "answer_until", None),
        department=None if confidential else getattr(event, "department", None),
        message_id=f"<{identifier}@{mail_domain}>",
        templates=TEMPLATES,
        correlation=received.correlation,
        traceparent=received.traceparent,
        due_at=received.at,
    )


def _running_until(event: LifecycleFact) -> date | None:
    """The last day of the term that the fact changes; None while the term is suspended, and if it has passed."""
    deadline = event.deadline
    if deadline is None or deadline.suspended_since or deadline.due_on < day_of(event.occurred_at):
        return None
    return deadline.due_on


def postponed(delivery: Delivery, until: datetime) -> Delivery:
    """Not tried before `until`. This is no failed try."""
    return _step(delivery, Step.WAIT, due_at=until)


def leased(delivery: Delivery, now: datetime, holder: str, *, lease: timedelta = LEASE) -> Delivery:
    """Leased by `holder` for one try, or failed if too many leases of it have expired."""
    if delivery.status is Status.SENDING:
        delivery = _counted(delivery, FailureKind.LOST, "lost")
        if _out_of_tries(delivery, FailureKind.LOST):
            return _ended(delivery, Step.GIVE_UP, now)
    first = delivery.first_tried_at or now
    return _step(delivery, Step.LEASE, holder=holder, due_at=now + lease, first_tried_at=first)


def released(delivery: Delivery, now: datetime) -> Delivery:
    """Its lease expires now, because the holder no longer runs."""
    return delivery.model_copy(update={"due_at": now})


def sent(delivery: Delivery, now: datetime) -> Delivery:
    return _ended(delivery, Step.ACCEPTED, now, because=None)


def skipped(delivery: Delivery, because: Skip, now: datetime) -> Delivery:
    return _ended(delivery, Step.SKIP, now, because=because.value)


def failed_try(delivery: Delivery, kind: FailureKind, because: str, now: datetime, chance: float) -> Delivery:
    """After a failed try: scheduled again, or failed for good. `chance` in [0, 1) spreads the retries."""
    delivery = _counted(delivery, kind, because)
    if _out_of_tries(delivery, kind) or now - (delivery.first_tried_at or now) >= GIVE_UP_AFTER:
        return _ended(delivery, Step.GIVE_UP, now)
    wait = backoff(sum(delivery.failures.values()), RETRY_POLICIES[kind].longest, chance)
    return _step(delivery, Step.RETRY, due_at=now + wait, holder=None)


def _counted(delivery: Delivery, kind: FailureKind, because: str) -> Delivery:
    failures = delivery.failures | {kind.value: delivery.failures.get(kind, 0) + 1}
    return delivery.model_copy(update={"failures": failures, "because": because})


def _out_of_tries(delivery: Delivery, kind: FailureKind) -> bool:
    tries = RETRY_POLICIES[kind].tries
    return tries is not None and delivery.failures.get(kind, 0) >= tries


def _ended(delivery: Delivery, step: Step, now: datetime, **changes: Any) -> Delivery:
    return _step(delivery, step, due_at=None, ended_at=now, **changes)


def _step(delivery: Delivery, step: Step, **changes: Any) -> Delivery:
    status = TRANSITIONS.get((delivery.status, step))
    if status is None:
        raise NotAllowed(f"{step} from {delivery.status}")
    return delivery.model_copy(update={"status": status, **changes})
