"""Notifications' collection: the deliveries, which are also the queue of what is due and the outbox of what to say."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pymongo import ASCENDING, IndexModel

from services.common.contracts.topics import REQUEST_PARTITIONS
from services.common.domain.identifiers import derived_text
from services.common.messaging.records.writer import outbox_entry
from services.common.store import Change, Database, Document, DocumentStore, OutboxEntry, translate_store_errors
from services.notifications.domain import RETRY_POLICIES, Delivery, Status
from services.notifications.messages import GROUP, DeliveryFact, DeliveryFailed, DeliverySent, DeliverySkipped

PARTITIONS: Final = range(REQUEST_PARTITIONS)
EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
FARTHEST: Final = max(patience.longest for patience in RETRY_POLICIES.values()) + timedelta(minutes=1)
"""No try is due later than this from now; the minute is for clocks that do not agree."""


class Deliveries(DocumentStore[Delivery]):
    """One document per delivery. Any replica may take any of them: the compare-and-set decides who does."""

    def __init__(self, database: Database) -> None:
        self.collection = database["deliveries"]
        super().__init__(self.collection, Delivery)

    async def prepare(self) -> None:
        await self.ensure_indexes(IndexModel([("state.due_at", ASCENDING)], name="queue"))

    async def ready(self, now: datetime, limit: int, since: datetime | None = None) -> list[Document[Delivery]]:
        """What may be taken now, longest due first: pending deliveries, and leases that ran out.

        With `since`, only what came due from then on. That is far quicker: a look at everything passes over the index
        entry of each delivery that ended since PostgreSQL swept last.
        """
        query = _due(now) if since is None else {"state.due_at": {"$gte": since, "$lte": now}}
        with translate_store_errors():
            found = self.collection.find(query).sort("state.due_at", ASCENDING).limit(limit)
            return [self._read(raw) for raw in await found.to_list(None)]

    async def held_by(self, holder: str) -> list[Document[Delivery]]:
        """What `holder` has a lease on."""
        leased = {"state.due_at": {"$gt": EARLIEST}, "state.status": Status.SENDING.value, "state.holder": holder}
        with translate_store_errors():
            return [self._read(raw) for raw in await self.collection.find(leased).to_list(None)]

    async def unsaid(self, before: datetime, limit: int) -> list[Document[Delivery]]:
        """Deliveries that ended at `before` or earlier, of which nobody has been told."""
        return await self.unsent(PARTITIONS, before, limit)


def _due(now: datetime) -> dict[str, Any]:
    """One that is to wait longer than any wait is was put off under a wrong clock, perhaps by hours: it is due too."""
    put_off = {"state.due_at": {"$gt": now + FARTHEST}, "state.status": Status.PENDING.value}
    return {"$or": [{"state.due_at": {"$lte": now}}, put_off]}


def delivery_in(document: Document[Delivery]) -> Delivery:
    assert document.state is not None
    return document.state


def made(delivery: Delivery, partition: int) -> dict[str, Any]:
    """A new delivery as it is first stored."""
    return {
        "_id": str(delivery.id),
        "version": 1,
        "partition": partition,
        "state": delivery.model_dump(),
        "outbox": [event._asdict() for event in _said(delivery)],
    }


def moved(document: Document[Delivery], after: Delivery) -> Change[Delivery]:
    """The write that makes `after` true, and with it the fact to say when that is how the delivery ended."""
    said = _said(after)
    return Change(document, replace(document, state=after, outbox=(*document.outbox, *said)), said)


_FACTS: Final[dict[Status, type[DeliveryFact]]] = {
    Status.SENT: DeliverySent,
    Status.FAILED: DeliveryFailed,
    Status.SKIPPED: DeliverySkipped,
}


def _said(delivery: Delivery) -> list[OutboxEntry]:
    """At most one fact, on an id that each replica derives alike."""
    kind = _FACTS.get(delivery.status)
    if kind is None or delivery.ended_at is None:
        return []
    return [
        outbox_entry(
            _fact(kind, delivery, delivery.ended_at),
            id=derived_text(GROUP, str(delivery.id), delivery.status),
            source=GROUP,
            cause=delivery.event_id,
            correlation=delivery.correlation,
            at=delivery.ended_at,
            traceparent=delivery.traceparent,
        )
    ]


def _fact(kind: type[DeliveryFact], delivery: Delivery, at: datetime) -> DeliveryFact:
    """`occurred_at` is this service's clock: no record of the broker's marks the moment a mail was taken."""
    about = {} if kind is DeliverySent else {"because": delivery.because}
    return kind(
        request_id=delivery.request_id,
        reference=delivery.reference,
        occurred_at=at,
        delivery_id=delivery.id,
        event_id=delivery.event_id,
        account_id=delivery.account_id,
        notice=delivery.notice,
        channel=delivery.channel,
        **about,
    )
