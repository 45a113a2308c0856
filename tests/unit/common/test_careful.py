"""After an unclean end a key's records keep their order, and no key is always the first."""

from aiokafka import ConsumerRecord
from hypothesis import given, strategies as st

from services.common.messaging.consumer.crash_guard import _by_key_in_any_order


def record(offset: int, key: int | None) -> ConsumerRecord[bytes, bytes]:
    name = None if key is None else bytes([key])
    return ConsumerRecord("t", 0, offset, 0, 1, name, b"", None, 1, 0, ())


@given(st.lists(st.one_of(st.none(), st.integers(0, 4)), max_size=40))
def test_every_record_is_taken_once_and_a_keys_records_in_their_order(keys: list[int | None]) -> None:
    records = tuple(record(offset, key) for offset, key in enumerate(keys))
    taken = list(_by_key_in_any_order(records))
    assert sorted(each.offset for each in taken) == list(range(len(keys)))
    for key in {each.key for each in records}:
        assert [each for each in taken if each.key == key] == [each for each in records if each.key == key]


def test_the_first_key_is_not_always_the_first() -> None:
    records = tuple(record(offset, offset) for offset in range(20))
    assert len({next(_by_key_in_any_order(records)).offset for _ in range(100)}) > 1
