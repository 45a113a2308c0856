"""The collection `deliveries`. It is also the queue of due deliveries and the outbox of their events."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from pymongo import ASCENDING, IndexModel

from services.common.contracts.topics import REQUEST_PARTITIONS
from services.common.domain.identifiers import derived_text
from services.common.messaging.records.writer import outbox_entry
from services.common.store import Change, Database, Document, DocumentStore, OutboxEntry, translate_store_errors
from services.common.store.stretches import Stretch
from services.notifications.domain import RETRY_POLICIES, Delivery, OtherNotice, Status
from services.notifications.messages import GROUP, DeliveryFact, DeliveryFailed, DeliverySent, DeliverySkipped

PARTITIONS: Final = range(REQUEST_PARTITIONS)
EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
LATEST_AFTER: Final = max(policy.longest for policy in RETRY_POLICIES.values()) + timedelta(minutes=1)
"""No try is due later than this from now. The minute allows for clocks that differ."""


class Deliveries(DocumentStore[Delivery]):
    """One document per delivery. Any replica may lease any of them: the compare-and-set decides which one does."""

    def __init__(self, database: Database) -> None:
        self.collection = database["deliveries"]
        super().__init__(self.collection, Delivery)

    async def prepare(self) -> None:
        await self.ensure_indexes(
            IndexModel([("state.due_at", ASCENDING)], name="queue"),
            IndexModel([("state.request_id", ASCENDING)], name="of-a-request"),
        )

    async def due_in(self, stretch: Stretch, limit: int) -> list[Document[Delivery]]:
        """At most `limit` deliveries that come due in `stretch`, longest due first: pending ones, and expired leases."""
        return await self._first({"state.due_at": stretch.condition()}, limit)

    async def due_before(self, since: datetime, now: datetime, limit: int) -> list[Document[Delivery]]:
        """The same for all that were due before `since`. A try that is further away than any wait was scheduled by a wrong
        clock, so it is due too.
        """
        too_late = {"state.due_at": {"$gt": now + LATEST_AFTER}}
        return await self._first({"$or": [{"state.due_at": {"$lt": since}}, too_late]}, limit)

    async def _first(self, due: dict[str, Any], limit: int) -> list[Document[Delivery]]:
        with translate_store_errors():
            found = self.collection.find(due).sort("state.due_at", ASCENDING).limit(limit)
            return [self._read(raw) for raw in await found.to_list(None)]

    async def others_about(self, deliveries: Sequence[Delivery]) -> dict[UUID, list[OtherNotice]]:
        """For each delivery, by its id: where the others about the same request, on the same channel, stand."""
        requests = list({each.request_id for each in deliveries})
        fields = dict.fromkeys(
            ("state.request_id", "state.channel", *(f"state.{name}" for name in OtherNotice._fields)), 1
        )
        with translate_store_errors():
            found = await self.collection.find({"state.request_id": {"$in": requests}}, fields).to_list(None)
        return {
            each.id: [
                _other_notice(raw["state"])
                for raw in found
                if raw["_id"] != str(each.id)
                and (raw["state"]["request_id"], raw["state"]["channel"]) == (each.request_id, each.channel)
            ]
            for each in deliveries
        }

    async def held_by(self, holder: str) -> list[Document[Delivery]]:
        """The deliveries that `holder` has leased."""
        leased = {"state.due_at": {"$gt": EARLIEST}, "state.status": Status.SENDING.value, "state.holder": holder}
        with translate_store_errors():
            return [self._read(raw) for raw in await self.collection.find(leased).to_list(None)]

    async def unpublished(self, before: datetime, limit: int) -> list[Document[Delivery]]:
        """Deliveries that ended at `before` or earlier and whose events are not published."""
        return await self.unsent(PARTITIONS, before, limit)


def _other_notice(state: dict[str, Any]) -> OtherNotice:
    """Deliveries stored by older versions have no `seq`: they come before all others."""
    return OtherNotice(state["notice"], state.get("seq", 0), Status(state["status"]), state["due_at"])


def delivery_in(document: Document[Delivery]) -> Delivery:
    assert document.state is not None
    return document.state


def new_document(delivery: Delivery, partition: int) -> dict[str, Any]:
    """The document of a new delivery, as it is inserted."""
    return {
        "_id": str(delivery.id),
        "version": 1,
        "partition": partition,
        "state": delivery.model_dump(),
        "outbox": [event._asdict() for event in _events(delivery)],
    }


def change_to(document: Document[Delivery], after: Delivery) -> Change[Delivery]:
    """The change that saves `after`, with the event in the outbox if the delivery has ended."""
    events = _events(after)
    return Change(document, replace(document, state=after, outbox=(*document.outbox, *events)), events)


_FACTS: Final[dict[Status, type[DeliveryFact]]] = {
    Status.SENT: DeliverySent,
    Status.FAILED: DeliveryFailed,
    Status.SKIPPED: DeliverySkipped,
}


def _events(delivery: Delivery) -> list[OutboxEntry]:
    """At most one event. Its id is derived, so every replica makes the same one."""
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
    """`occurred_at` is the clock of this service, because no Kafka record marks the moment when a mail was sent."""
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
