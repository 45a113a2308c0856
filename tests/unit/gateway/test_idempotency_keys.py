"""What a key of a sender's stands for, while it is on its way and for a day after."""

from uuid import UUID, uuid4

import pytest

from gateway.requests.idempotency_keys import KEPT_FOR, MOST, IdempotencyKeys
from services.common.http import problem_types
from services.common.http.problems import Problem
from tests.unit.gateway.builders import REQUEST, Clock

KEY = b"k" * 16


def use(keys: IdempotencyKeys, id: UUID, key: bytes = KEY) -> None:
    with keys.reserve(key, id):
        pass


def test_a_key_stands_for_what_it_was_used_for_a_day() -> None:
    clock = Clock()
    keys = IdempotencyKeys(clock)
    use(keys, REQUEST)
    use(keys, REQUEST)
    with pytest.raises(Problem) as refused:
        use(keys, uuid4())
    assert refused.value.kind is problem_types.KEY_REUSED
    clock.now += KEPT_FOR + 1
    assert not keys.is_confirmed(KEY, REQUEST)
    use(keys, uuid4())


def test_of_two_under_one_key_at_the_same_moment_one_is_refused() -> None:
    keys = IdempotencyKeys()
    with keys.reserve(KEY, REQUEST):
        assert not keys.is_confirmed(KEY, REQUEST)
        use(keys, REQUEST)
        with pytest.raises(Problem):
            use(keys, uuid4())
    assert keys.is_confirmed(KEY, REQUEST)


def test_what_came_to_nothing_leaves_the_key_free() -> None:
    keys = IdempotencyKeys()
    with pytest.raises(ValueError, match="away"), keys.reserve(KEY, uuid4()):
        raise ValueError("away")
    use(keys, REQUEST)
    assert keys.is_confirmed(KEY, REQUEST)
    assert not keys.is_confirmed(KEY, uuid4())


def test_what_is_kept_stays_so_when_a_repetition_fails() -> None:
    keys = IdempotencyKeys()
    with pytest.raises(ValueError, match="away"), keys.reserve(KEY, REQUEST):
        use(keys, REQUEST)
        raise ValueError("away")
    assert keys.is_confirmed(KEY, REQUEST)


def test_one_that_fails_leaves_the_key_to_the_same_that_is_still_on_its_way() -> None:
    keys = IdempotencyKeys()
    with keys.reserve(KEY, REQUEST):
        with pytest.raises(ValueError, match="away"), keys.reserve(KEY, REQUEST):
            raise ValueError("away")
        with pytest.raises(Problem):
            use(keys, uuid4())
    assert keys.is_confirmed(KEY, REQUEST)


def test_keys_are_remembered_in_bounded_number() -> None:
    keys = IdempotencyKeys()
    for number in range(MOST + 1):
        use(keys, REQUEST, number.to_bytes(16, "big"))
    assert not keys.is_confirmed((0).to_bytes(16, "big"), REQUEST)
    assert keys.is_confirmed(MOST.to_bytes(16, "big"), REQUEST)
