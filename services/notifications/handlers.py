"""The handler of lifecycle facts: it makes deliveries."""

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
    """The inserter: each fact of the matrix makes its deliveries."""
    inserter = Inserter()

    @inserter.on(*domain.FACTS)
    def make_deliveries(received: Received[LifecycleFact]) -> Sequence[dict[str, Any]]:
        return [
            store.new_document(delivery, received.partition) for delivery in domain.deliveries_of(received, mail_domain)
        ]

    return inserter


class NotifyingInserter(InserterProcessor):
    """Wakes the sender after each batch, so that it need not poll the store."""

    def __init__(self, inserter: Inserter, collection: Collection, wake: Callable[[datetime], None]) -> None:
        super().__init__(inserter, collection)
        self._wake = wake

    async def process(self, batch: Sequence[IncomingRecord]) -> list[Outcome]:
        outcomes = await super().process(batch)
        self._wake(min(incoming.received.at for incoming in batch))
        return outcomes
