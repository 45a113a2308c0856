"""The events that notifications consumes and publishes."""

from services.common.contracts import topics
from services.common.contracts.deliveries import (
    Channel,
    DeliveryFact,
    DeliveryFailed,
    DeliverySent,
    DeliverySkipped,
)
from services.common.contracts.lifecycle import (
    DocumentRefused,
    LifecycleFact,
    RequestAnswered,
    RequestConcluded,
    RequestRegistered,
    RequestRejected,
    RequestWithdrawn,
)

GROUP = "notifications"
TOPICS = (topics.LIFECYCLE,)

__all__ = [
    "GROUP",
    "TOPICS",
    "Channel",
    "DeliveryFact",
    "DeliveryFailed",
    "DeliverySent",
    "DeliverySkipped",
    "DocumentRefused",
    "LifecycleFact",
    "RequestAnswered",
    "RequestConcluded",
    "RequestRegistered",
    "RequestRejected",
    "RequestWithdrawn",
]
