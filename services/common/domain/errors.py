"""The few ways a step can fail. Adapters translate a driver's error into one of these once, at the edge."""


class Unavailable(Exception):
    """An engine cannot be reached or does not answer in time. Never counted, never dead-lettered: tried again.

    The list of its subclasses is closed. The text names the engine and no data: drivers' own texts carry documents.
    """

    engine = "engine"

    def __init__(self, what: str) -> None:
        super().__init__(f"{self.engine} is away: {what}")


class StoreUnavailable(Unavailable):
    engine = "store"


class BrokerUnavailable(Unavailable):
    engine = "broker"


class ConsumerUnresponsive(BrokerUnavailable):
    """The broker does not answer this one consumer. Whether it answers anybody is asked elsewhere."""


class ObjectStoreUnavailable(Unavailable):
    engine = "object store"


class Poison(Exception):
    """A record that can never be applied: unreadable, against its schema, or impossible.

    `reason` is a short code for the dead letter; it never echoes the record.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TopicMissing(Exception):
    """A topic that something must be said on does not exist or may not be written: an alarm, not an outage."""

    def __init__(self, topic: str) -> None:
        super().__init__(f"topic {topic} is missing or forbidden")
        self.topic = topic
