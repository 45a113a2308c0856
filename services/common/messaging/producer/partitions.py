"""The partition of a key: murmur2, as Kafka's Java client computes it."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from aiokafka.partitioner import murmur2

from services.common.contracts.topics import REQUEST_PARTITIONS

_POSITIVE: Final = 0x7FFFFFFF


def partition_of(key: str) -> int:
    """The partition of a key in a topic that has `REQUEST_PARTITIONS` partitions."""
    return _hash(key.encode()) % REQUEST_PARTITIONS


def by_key(key: bytes | None, partitions: Sequence[int], available: Sequence[int]) -> int:
    """The partitioner for aiokafka. Only dead letters may lack a key, and their topics have one partition."""
    return partitions[_hash(key or b"") % len(partitions)]


@lru_cache(maxsize=8192)
def _hash(key: bytes) -> int:
    """Cached, because a key is used several times in a short time, and the hash is plain Python."""
    return int(murmur2(key)) & _POSITIVE
