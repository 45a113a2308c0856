"""The position of a record in the log."""

from typing import NamedTuple


class Position(NamedTuple):
    """Topic, partition and offset; of a redriven record, the original ones."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic} {self.partition} {self.offset}"
