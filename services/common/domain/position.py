"""The position of a record in Kafka's log."""

from typing import NamedTuple


class Position(NamedTuple):
    """Topic, partition and offset; for a redriven record, those of the original."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic} {self.partition} {self.offset}"
