"""What a fact of a request's life makes."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from services.common.domain.received import Received
from services.common.messaging import Inserter, InserterProcessor, Outcome
from services.common.messaging.handlers.processor import IncomingRecord
from services.common.store import Collection
from services.notifications import domain, store
from services.notifications.messages import LifecycleFact


def deliveries(mail_domain: str) -> Inserter:
    """The table: each fact of the matrix makes its deliveries."""
    maker = Inserter()

    @maker.on(*domain.MATRIX)
    def make_deliveries(received: Received[LifecycleFact]) -> Sequence[dict[str, Any]]:
        made = domain.deliveries_of(received, mail_domain)
        return [store.made(delivery, received.partition) for delivery in made]

    return maker


class NotifyingInserter(InserterProcessor):
    """Tells the sender that there is work, so that it need not ask the store all the time."""

    def __init__(self, maker: Inserter, collection: Collection, wake: Callable[[datetime], None]) -> None:
        super().__init__(maker, collection)
        self._wake = wake

    async def process(self, batch: Sequence[IncomingRecord]) -> list[Outcome]:
        ends = await super().process(batch)
        self._wake(min(incoming.received.at for incoming in batch))
        return ends
