"""Records processed one at a time keep the order within each key; keys that were attempted least come first."""

from aiokafka import ConsumerRecord
from hypothesis import given, strategies as st

from services.common.domain.position import Position
from services.common.messaging.consumer.crash_guard import _least_attempted_keys_first
from services.common.messaging.records.positions import position_of


def record(offset: int, key: int | None) -> ConsumerRecord[bytes, bytes]:
    name = None if key is None else bytes([key])
    return ConsumerRecord("t", 0, offset, 0, 1, name, b"", None, 1, 0, ())


@given(st.lists(st.one_of(st.none(), st.integers(0, 4)), max_size=40))
def test_every_record_comes_once_and_records_of_a_key_keep_their_order(keys: list[int | None]) -> None:
    records = tuple(record(offset, key) for offset, key in enumerate(keys))
    ordered = list(_least_attempted_keys_first(records, {}))
    assert sorted(each.offset for each in ordered) == list(range(len(keys)))
    for key in {each.key for each in records}:
        assert [each for each in ordered if each.key == key] == [each for each in records if each.key == key]


def test_the_order_of_keys_differs_between_runs() -> None:
    records = tuple(record(offset, offset) for offset in range(20))
    assert len({next(_least_attempted_keys_first(records, {})).offset for _ in range(100)}) > 1


@given(st.lists(st.integers(0, 9), min_size=1, max_size=40))
def test_kills_from_outside_are_spread_over_all_keys_before_one_is_attempted_again(keys: list[int]) -> None:
    records = tuple(record(offset, key) for offset, key in enumerate(keys))
    attempts: dict[Position, int] = {}
    for _ in range(len(set(keys))):
        killed = position_of(next(_least_attempted_keys_first(records, attempts)))
        attempts[killed] = attempts.get(killed, 0) + 1
    assert set(attempts.values()) == {1}
    assert {records[position.offset].key for position in attempts} == {each.key for each in records}
