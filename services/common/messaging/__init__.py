"""The kernel: every consumer reads, decides, saves, says and commits the same way, and effects happen once.

Handlers never see acknowledgements, offsets, retries or tracing. See `docs/tour.md` for a request's way through it.
"""

from services.common.messaging.aggregate import Aggregate, End, TimerDue
from services.common.messaging.aggregate_consumer import AggregateConsumer
from services.common.messaging.dead_letters import DeadLetters
from services.common.messaging.decision import Decision, changed, refused, unchanged
from services.common.messaging.maker import Maker, MakerConsumer
from services.common.messaging.projection import Projection, ProjectionConsumer
from services.common.messaging.publisher import Publisher
from services.common.messaging.record import Received
from services.common.messaging.subscription import Subscription
from services.common.messaging.sweeper import Sweeper

__all__ = [
    "Aggregate",
    "AggregateConsumer",
    "DeadLetters",
    "Decision",
    "End",
    "Maker",
    "MakerConsumer",
    "Projection",
    "ProjectionConsumer",
    "Publisher",
    "Received",
    "Subscription",
    "Sweeper",
    "TimerDue",
    "changed",
    "refused",
    "unchanged",
]
