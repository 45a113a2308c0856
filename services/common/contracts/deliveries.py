"""`notifications.deliveries.v1`: the outcome of each notice."""

from typing import Literal
from uuid import UUID

from services.common.contracts import topics
from services.common.contracts.base import Code, Fact

Channel = Literal["email"]


class DeliveryFact(Fact, families=(topics.DELIVERIES,)):
    """`event_id` is the fact that caused the notice; `notice` is its kind."""

    delivery_id: UUID
    event_id: str
    account_id: UUID
    notice: Code
    channel: Channel


class DeliverySent(DeliveryFact, type="delivery.sent"):
    pass


class DeliveryFailed(DeliveryFact, type="delivery.failed"):
    because: Code


class DeliverySkipped(DeliveryFact, type="delivery.skipped"):
    because: Code
