"""Which partition of a request topic a key lies in: the rule of Kafka's own default partitioner."""

from aiokafka.partitioner import murmur2

from services.common.contracts.topics import REQUEST_PARTITIONS


def partition_of(key: str) -> int:
    return int((murmur2(key.encode()) & 0x7FFFFFFF) % REQUEST_PARTITIONS)
