"""A key has the same partition in all clients: ours, and the departments' Java clients."""

import pytest

from services.common.messaging.producer.partitions import by_key, partition_of

GOLDEN = {
    "": 9,
    "21": 0,
    "foobar": 6,
    "a-little-bit-long-string": 8,
    "a-little-bit-longer-string": 11,
    "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": 5,
    "abc": 3,
    "6af613b6-569c-5c22-9c37-2ed93f31d3af": 6,
    "b04965e6-a9bb-591f-8f8a-1adcb2c8dc39": 1,
    "4b166dbe-d99d-5091-abdd-95b83330ed3a": 3,
    "98123fde-012f-5ff3-8b50-881449dac91a": 10,
    "6ed955c6-506a-5343-9be4-2c0afae02eef": 0,
    "c8691da2-158a-5ed6-8537-0e6f140801f2": 11,
}
"""Key → partition of 12, as `BuiltInPartitioner.partitionForKey` of kafka-clients 4.1.2 computes it."""


@pytest.mark.parametrize("key", GOLDEN)
def test_a_key_has_the_partition_that_the_java_client_computes(key: str) -> None:
    assert partition_of(key) == by_key(key.encode(), list(range(12)), []) == GOLDEN[key]


def test_a_binary_key_has_the_partition_that_the_java_client_computes() -> None:
    assert by_key(b"\xff\x80\x00", list(range(12)), []) == 10
