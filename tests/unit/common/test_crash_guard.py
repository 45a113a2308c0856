"""Records processed one at a time keep the order within each key; the order of the keys is random."""

from aiokafka import ConsumerRecord
from hypothesis import given, strategies as st

from services.common.messaging.consumer.crash_guard import _in_random_key_order


def record(offset: int, key: int | None) -> ConsumerRecord[bytes, bytes]:
    name = None if key is None else bytes([key])
    return ConsumerRecord("t", 0, offset, 0, 1, name, b"", None, 1, 0, ())


@given(st.lists(st.one_of(st.none(), st.integers(0, 4)), max_size=40))
def test_every_record_comes_once_and_records_of_a_key_keep_their_order(keys: list[int | None]) -> None:
    records = tuple(record(offset, key) for offset, key in enumerate(keys))
    ordered = list(_in_random_key_order(records))
    assert sorted(each.offset for each in ordered) == list(range(len(keys)))
    for key in {each.key for each in records}:
        assert [each for each in ordered if each.key == key] == [each for each in records if each.key == key]


def test_the_order_of_keys_differs_between_runs() -> None:
    records = tuple(record(offset, offset) for offset in range(20))
    assert len({next(_in_random_key_order(records)).offset for _ in range(100)}) > 1
