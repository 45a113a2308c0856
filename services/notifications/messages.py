"""The events that notifications consumes and publishes."""

from services.common.contracts import topics
from services.common.contracts.deliveries import (
    Channel,
    DeliveryFact,
    DeliveryFailed,
    DeliverySent,
    DeliverySkipped,
)
from services.common.contracts.handling import (
    DocumentsLapsed,
    DocumentsReceived,
    DocumentsReminded,
    DocumentsRequested,
    HearingClosed,
    HearingOpened,
    RequestExtended,
    RequestForwarded,
    RequestReopened,
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
    "DocumentsLapsed",
    "DocumentsReceived",
    "DocumentsReminded",
    "DocumentsRequested",
    "HearingClosed",
    "HearingOpened",
    "LifecycleFact",
    "RequestAnswered",
    "RequestConcluded",
    "RequestExtended",
    "RequestForwarded",
    "RequestRegistered",
    "RequestRejected",
    "RequestReopened",
    "RequestWithdrawn",
]
