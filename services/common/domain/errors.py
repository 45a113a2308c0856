"""The ways in which a step can fail. Adapters translate drivers' errors into these, once."""


class Unavailable(Exception):
    """An engine cannot be reached or does not answer in time. The step is retried without limit, and never dead-lettered.

    There are no other subclasses than these. The text names the engine and contains no data: drivers' own texts contain
    documents.
    """

    engine = "engine"

    def __init__(self, detail: str) -> None:
        super().__init__(f"{self.engine} is unavailable: {detail}")


class StoreUnavailable(Unavailable):
    engine = "store"


class BrokerUnavailable(Unavailable):
    engine = "broker"


class ConsumerUnresponsive(BrokerUnavailable):
    """The broker does not answer this one consumer. It may still answer other clients."""


class ObjectStoreUnavailable(Unavailable):
    engine = "object store"


class Poison(Exception):
    """A record that can never be applied: it cannot be parsed, violates its schema, or is impossible in this state.

    `reason` is a short code for the dead letter. It never repeats the record's content.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TopicMissing(Exception):
    """A topic that we must publish to does not exist, or we may not write to it: a defect of the setup, not an outage."""

    def __init__(self, topic: str) -> None:
        super().__init__(f"topic {topic} is missing or forbidden")
        self.topic = topic
