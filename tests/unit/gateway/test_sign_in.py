"""Passwords, token buckets, session tokens and account lines, without a database."""

from uuid import UUID

from hypothesis import given, strategies as st

from gateway.accounts.domain import account_id_of
from gateway.accounts.passwords import Passwords, hash_password, verify_password
from gateway.limits.token_bucket import RateLimit
from services.common.domain.tokens import hash_of, new_token
from tests.unit.gateway.builders import Clock

PASSWORD = "uma frase comprida"  # noqa: S105


async def test_a_password_matches_only_its_own_hash_and_no_password_matches_a_missing_account() -> None:
    passwords = Passwords()
    password_hash = hash_password(PASSWORD)
    assert password_hash.startswith("$argon2id$")
    assert await passwords.verify(PASSWORD, password_hash)
    assert not await passwords.verify(PASSWORD + "!", password_hash)
    assert not await passwords.verify("nobody has this password", None)
    passwords.close()


def test_two_hashes_of_one_password_differ() -> None:
    assert hash_password(PASSWORD) != hash_password(PASSWORD)
    assert verify_password(PASSWORD, hash_password(PASSWORD))


def test_an_account_id_is_stable_and_depends_on_the_secret() -> None:
    assert account_id_of(b"a" * 32, "12345678910") == account_id_of(b"a" * 32, "12345678910")
    assert account_id_of(b"a" * 32, "12345678910") != account_id_of(b"b" * 32, "12345678910")
    assert isinstance(account_id_of(b"a" * 32, "12345678910"), UUID)


def test_only_the_hash_of_a_token_is_kept() -> None:
    token = new_token()
    assert len(token) >= 43
    assert token not in hash_of(token)
    assert new_token() != token


def test_tokens_run_out_and_refill_over_time() -> None:
    clock = Clock()
    limit = RateLimit(burst=3, refill=30, clock=clock)
    assert [limit.take("a") for _ in range(4)] == [0, 0, 0, 30]
    assert limit.take("b") == 0
    clock.now += 29
    assert limit.take("a") == 1
    clock.now += 1
    assert limit.take("a") == 0
    assert limit.take("a") == 30


def test_a_token_that_is_given_back_does_not_count() -> None:
    limit = RateLimit(burst=1, refill=30, clock=Clock())
    for _ in range(5):
        assert limit.take("a") == 0
        limit.give_back("a")
    assert limit.take("a") == 0
    assert limit.take("a") == 30


@given(steps=st.lists(st.tuples(st.booleans(), st.floats(0, 100)), max_size=40))
def test_no_sequence_gives_more_tokens_than_burst_and_refill_allow(steps: list[tuple[bool, float]]) -> None:
    clock = Clock()
    limit = RateLimit(burst=3, refill=10, clock=clock)
    start, granted = clock.now, 0
    for wait, seconds in steps:
        clock.now += seconds if wait else 0
        granted += limit.take("a") == 0
    assert granted <= 3 + (clock.now - start) / 10


def test_looking_at_a_bucket_takes_nothing() -> None:
    limit = RateLimit(burst=2, refill=30, clock=Clock())
    assert (limit.wait("a"), limit.used_share("a")) == (0, 0)
    limit.take("a")
    assert (limit.wait("a"), limit.used_share("a")) == (0, 0.5)
    limit.take("a")
    assert (limit.wait("a"), limit.wait("a"), limit.used_share("a")) == (30, 30, 1)


def test_the_number_of_buckets_is_bounded() -> None:
    limit = RateLimit(burst=1, refill=30, clock=Clock())
    for number in range(20_001):
        limit.take(str(number))
    assert len(limit._buckets) == 20_000
