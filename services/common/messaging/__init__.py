"""The kernel: every consumer reads, decides, saves, says and commits the same way, and effects happen once.

Handlers never see acknowledgements, offsets, retries or tracing. See `docs/tour.md` for a request's way through it.
"""

from services.common.messaging.consumer.subscription import Subscription
from services.common.messaging.handlers.aggregate import Aggregate, End, TimerDue
from services.common.messaging.handlers.aggregate_processor import AggregateConsumer
from services.common.messaging.handlers.inserter import Maker, MakerConsumer
from services.common.messaging.handlers.projection import Projection, ProjectionConsumer
from services.common.messaging.producer.publisher import Publisher
from services.common.messaging.records.dead_letters import DeadLetters
from services.common.messaging.sweeper import Sweeper

__all__ = [
    "Aggregate",
    "AggregateConsumer",
    "DeadLetters",
    "End",
    "Maker",
    "MakerConsumer",
    "Projection",
    "ProjectionConsumer",
    "Publisher",
    "Subscription",
    "Sweeper",
    "TimerDue",
]
