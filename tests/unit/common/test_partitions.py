"""Where a key lies is decided by every client alike: by the departments' as by ours."""

from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given, strategies as st

from services.common.messaging.partitions import by_key, partition_of

DEFAULT = DefaultPartitioner()


@given(key=st.binary(max_size=60), partitions=st.integers(1, 30))
def test_a_key_lies_where_every_kafka_client_puts_it(key: bytes, partitions: int) -> None:
    numbers = list(range(partitions))
    assert by_key(key, numbers, numbers) == DEFAULT(key, numbers, numbers)


@given(key=st.uuids())
def test_a_request_lies_in_the_same_partition_of_every_request_topic(key: object) -> None:
    assert partition_of(str(key)) == DEFAULT(str(key).encode(), list(range(12)), [])
