"""The partition of a key, by the client library's hash: the rule of Kafka's Java client."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from aiokafka.partitioner import murmur2

from services.common.contracts.topics import REQUEST_PARTITIONS

_POSITIVE: Final = 0x7FFFFFFF


def partition_of(key: str) -> int:
    """The partition of a request topic."""
    return _hash(key.encode()) % REQUEST_PARTITIONS


def by_key(key: bytes | None, partitions: Sequence[int], available: Sequence[int]) -> int:
    """A producer's partitioner. What lacks a key is a dead letter, and those topics have one partition."""
    return partitions[_hash(key or b"") % len(partitions)]


@lru_cache(maxsize=8192)
def _hash(key: bytes) -> int:
    """A key is said several times in short order, and the hash is plain Python: hence the memory."""
    return int(murmur2(key)) & _POSITIVE
