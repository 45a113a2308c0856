"""The kernel: every consumer reads, decides, saves, says and commits the same way, and effects happen once.

Handlers never see acknowledgements, offsets, retries or tracing. See `docs/tour.md` for a request's way through it.
"""

from services.common.messaging.consumer.subscription import Subscription
from services.common.messaging.handlers.aggregate import Aggregate, Outcome, TimerDue
from services.common.messaging.handlers.aggregate_processor import AggregateProcessor
from services.common.messaging.handlers.inserter import Inserter, InserterProcessor
from services.common.messaging.handlers.projection import Projection, ProjectionProcessor
from services.common.messaging.producer.publisher import Publisher
from services.common.messaging.records.dead_letters import DeadLetters
from services.common.messaging.sweeper import Sweeper

__all__ = [
    "Aggregate",
    "AggregateProcessor",
    "DeadLetters",
    "Inserter",
    "InserterProcessor",
    "Outcome",
    "Projection",
    "ProjectionProcessor",
    "Publisher",
    "Subscription",
    "Sweeper",
    "TimerDue",
]
