"""Leases due deliveries to this replica. Of the notices about one request, only the next one in the order of its facts."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from services.common.messaging.failpoints import ARMED, Failpoint, reach
from services.common.store import Change, Document
from services.notifications import domain
from services.notifications.domain import Delivery, OtherNotice, Replaced, Send, Skip, Status, Wait
from services.notifications.due_search import DueSearch
from services.notifications.store import Deliveries, change_to, delivery_in

Save = Callable[[Sequence[Change[Delivery]]], Awaitable[list[Document[Delivery]]]]
"""Saves changes. Returns the documents that were saved without a conflict."""


@dataclass(frozen=True, slots=True)
class Leased:
    """`more`: further deliveries may be due. `waiting_until`: when the first of those that wait for another is due again."""

    documents: Sequence[Document[Delivery]] = ()
    more: bool = False
    waiting_until: datetime | None = None


class Leasing:
    def __init__(self, deliveries: Deliveries, search: DueSearch, save: Save, holder: str, lease: timedelta) -> None:
        self._deliveries = deliveries
        self._search = search
        self._save = save
        self._holder = holder
        self._lease = lease

    async def lease(self, limit: int) -> Leased:
        """Lease up to `limit` due deliveries. Those whose turn it is not are postponed, so that no search finds them before."""
        now = datetime.now(UTC)
        found = await self._search.next(now, limit)
        try:
            saved = await self._decide(found.documents)
        except Exception:
            self._search.rewind(found.since)
            raise
        leased = [document for document in saved if delivery_in(document).status is Status.SENDING]
        postponed = (delivery_in(document) for document in saved if delivery_in(document).status is Status.PENDING)
        waiting_until = min((each.due_at for each in postponed if each.due_at), default=None)
        return Leased(leased, found.more, waiting_until)

    async def _decide(self, due: Sequence[Document[Delivery]]) -> list[Document[Delivery]]:
        if not due:
            return []
        ARMED and reach(Failpoint.DELIVERY_DUE_FOUND)
        others = await self._deliveries.others_about([delivery_in(document) for document in due])
        # A try begins after the ones that it waited for, which another replica may have ended since the search.
        now = datetime.now(UTC)
        ARMED and reach(Failpoint.DELIVERY_ORDER_KNOWN)
        saved = await self._save([change_to(each, self._next_step(delivery_in(each), others, now)) for each in due])
        ARMED and reach(Failpoint.DELIVERY_LEASED)
        return saved

    def _next_step(self, delivery: Delivery, others: Mapping[UUID, Sequence[OtherNotice]], now: datetime) -> Delivery:
        # An expired lease is no reason to ask whose turn it is: the mail may have left already.
        turn = domain.turn_of(delivery, others[delivery.id], now, self._lease)
        match turn if delivery.status is Status.PENDING else Send():
            case Wait(until):
                return domain.postponed(delivery, until)
            case Replaced():
                return domain.skipped(delivery, Skip.REPLACED, now)
            case Send():
                return domain.leased(delivery, now, self._holder, lease=self._lease)
