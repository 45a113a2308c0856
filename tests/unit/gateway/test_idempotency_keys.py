"""Idempotency keys: each is reserved for one id, during the send and for a day after it."""

from uuid import UUID, uuid4

import pytest

from gateway.requests.idempotency_keys import MAX_KEYS, RETENTION_SECONDS, IdempotencyKeys
from services.common.http import problem_types
from services.common.http.problems import Problem
from tests.unit.gateway.builders import REQUEST, Clock

KEY = b"k" * 16


def use(keys: IdempotencyKeys, id: UUID, key: bytes = KEY) -> None:
    with keys.reserve(key, id):
        pass


def test_a_key_belongs_to_one_id_for_a_day() -> None:
    clock = Clock()
    keys = IdempotencyKeys(clock)
    use(keys, REQUEST)
    use(keys, REQUEST)
    with pytest.raises(Problem) as refused:
        use(keys, uuid4())
    assert refused.value.kind is problem_types.KEY_REUSED
    clock.now += RETENTION_SECONDS + 1
    assert not keys.is_confirmed(KEY, REQUEST)
    use(keys, uuid4())


def test_a_key_in_use_is_refused_for_another_id() -> None:
    keys = IdempotencyKeys()
    with keys.reserve(KEY, REQUEST):
        assert not keys.is_confirmed(KEY, REQUEST)
        use(keys, REQUEST)
        with pytest.raises(Problem):
            use(keys, uuid4())
    assert keys.is_confirmed(KEY, REQUEST)


def test_a_failed_send_releases_the_key() -> None:
    keys = IdempotencyKeys()
    with pytest.raises(ValueError, match="failed"), keys.reserve(KEY, uuid4()):
        raise ValueError("failed")
    use(keys, REQUEST)
    assert keys.is_confirmed(KEY, REQUEST)
    assert not keys.is_confirmed(KEY, uuid4())


def test_a_failed_retry_does_not_release_a_confirmed_key() -> None:
    keys = IdempotencyKeys()
    with pytest.raises(ValueError, match="failed"), keys.reserve(KEY, REQUEST):
        use(keys, REQUEST)
        raise ValueError("failed")
    assert keys.is_confirmed(KEY, REQUEST)


def test_a_failed_send_keeps_the_key_while_another_send_of_it_is_in_progress() -> None:
    keys = IdempotencyKeys()
    with keys.reserve(KEY, REQUEST):
        with pytest.raises(ValueError, match="failed"), keys.reserve(KEY, REQUEST):
            raise ValueError("failed")
        with pytest.raises(Problem):
            use(keys, uuid4())
    assert keys.is_confirmed(KEY, REQUEST)


def test_the_number_of_remembered_keys_is_bounded() -> None:
    keys = IdempotencyKeys()
    for number in range(MAX_KEYS + 1):
        use(keys, REQUEST, number.to_bytes(16, "big"))
    assert not keys.is_confirmed((0).to_bytes(16, "big"), REQUEST)
    assert keys.is_confirmed(MAX_KEYS.to_bytes(16, "big"), REQUEST)
