"""The kernel: consumes Kafka records and applies each of them to the store exactly once.

For each batch it reads the records, runs the handlers, saves the documents, publishes their events and then commits the
offsets. Delivery is at least once; inboxes, outboxes and compare-and-set make the effects happen once. Handlers never
see acknowledgements, offsets, retries or tracing. `docs/tour.md` follows one request through the kernel.
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
