"""Passwords, tries and tokens, without any engine."""

import io
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, strategies as st

from gateway.accounts.__main__ import read
from gateway.accounts.domain import Credentials, account_id_of, hash_of, new_token
from gateway.accounts.passwords import Verifier, fits, hashed
from gateway.accounts.service import SignIn, _take, network_of
from gateway.accounts.sessions import Sessions
from gateway.accounts.store import AccountStore, SessionStore
from gateway.rate_limit import RateLimit
from services.common.domain.errors import StoreUnavailable
from services.common.http.problems import Problem
from services.common.store import connect, database, disconnect
from tests.unit.gateway.builders import Clock

PASSWORD = "uma frase comprida"  # noqa: S105


async def test_a_password_fits_its_own_hash_and_no_account_fits_none() -> None:
    verifier = Verifier()
    kept = hashed(PASSWORD)
    assert kept.startswith("$argon2id$")
    assert await verifier.verify(PASSWORD, kept)
    assert not await verifier.verify(PASSWORD + "!", kept)
    assert not await verifier.verify("nobody has this password", None)
    verifier.close()


def test_two_hashes_of_one_password_differ() -> None:
    assert hashed(PASSWORD) != hashed(PASSWORD)
    assert fits(PASSWORD, hashed(PASSWORD))


def test_an_account_id_says_nothing_of_its_niss_and_is_always_the_same() -> None:
    assert account_id_of(b"a" * 32, "12345678910") == account_id_of(b"a" * 32, "12345678910")
    assert account_id_of(b"a" * 32, "12345678910") != account_id_of(b"b" * 32, "12345678910")
    assert isinstance(account_id_of(b"a" * 32, "12345678910"), UUID)


def test_only_the_hash_of_a_token_is_kept() -> None:
    token = new_token()
    assert len(token) >= 43
    assert token not in hash_of(token)
    assert new_token() != token


async def test_an_outage_is_no_guess_and_an_address_that_guessed_too_often_uses_up_nobodys_tries() -> None:
    client = connect("mongodb://127.0.0.1:1")
    own = database(client, "postigo_gateway")
    sign_in = SignIn(
        AccountStore(own),
        Sessions(SessionStore(own)),
        b"s" * 32,
        account_limit=RateLimit(burst=1, refill=30),
        address_limit=RateLimit(burst=1, refill=30),
    )
    asked = Credentials(niss="12345678910", password=PASSWORD)
    with pytest.raises(StoreUnavailable):
        await sign_in.begin(asked, "192.0.2.1")
    assert sign_in.address_limit.take("192.0.2.1") == 0
    with pytest.raises(Problem):
        await sign_in.begin(asked, "192.0.2.1")
    account = str(account_id_of(sign_in.id_secret, asked.niss))
    assert sign_in.account_limit.take(account) == 0
    with pytest.raises(Problem):
        await sign_in.begin(asked, "198.51.100.1")
    assert sign_in.address_limit.take("198.51.100.1") == 0, "an account without tries uses up no address's"
    sign_in.verifier.close()
    await disconnect(client)


async def test_who_guesses_from_one_network_keeps_the_owner_out_of_no_other() -> None:
    client = connect("mongodb://127.0.0.1:1")
    own = database(client, "postigo_gateway")
    sign_in = SignIn(AccountStore(own), Sessions(SessionStore(own)), b"s" * 32)
    asked = Credentials(niss="12345678910", password=PASSWORD)
    account = account_id_of(sign_in.id_secret, asked.niss)
    while not sign_in.pair_limit.take(f"192.0.2.1 {account}"):
        pass
    with pytest.raises(Problem):
        await sign_in.begin(asked, "192.0.2.1")
    with pytest.raises(StoreUnavailable):
        await sign_in.begin(asked, "198.51.100.1")
    sign_in.verifier.close()
    await disconnect(client)


def test_tries_run_out_and_come_back_slowly() -> None:
    clock = Clock()
    brake = RateLimit(burst=3, refill=30, clock=clock)
    assert [brake.take("a") for _ in range(4)] == [0, 0, 0, 30]
    assert brake.take("b") == 0
    clock.now += 29
    assert brake.take("a") == 1
    clock.now += 1
    assert brake.take("a") == 0
    assert brake.take("a") == 30


def test_a_good_try_does_not_count() -> None:
    brake = RateLimit(burst=1, refill=30, clock=Clock())
    for _ in range(5):
        assert brake.take("a") == 0
        brake.give_back("a")
    assert brake.take("a") == 0
    assert brake.take("a") == 30


@pytest.mark.parametrize("empty", range(3))
def test_who_is_refused_by_one_count_uses_up_none_of_the_others(empty: int) -> None:
    brakes = [RateLimit(burst=1, refill=30, clock=Clock()) for _ in range(3)]
    brakes[empty].take("a")
    with pytest.raises(Problem):
        _take(tuple((brake, "a") for brake in brakes))
    assert [brake.take("a") for brake in brakes] == [30 if place == empty else 0 for place in range(3)]


@given(steps=st.lists(st.tuples(st.booleans(), st.floats(0, 100)), max_size=40))
def test_no_course_of_events_gives_more_tries_than_time_allows(steps: list[tuple[bool, float]]) -> None:
    clock = Clock()
    brake = RateLimit(burst=3, refill=10, clock=clock)
    begin, granted = clock.now, 0
    for wait, seconds in steps:
        clock.now += seconds if wait else 0
        granted += brake.take("a") == 0
    assert granted <= 3 + (clock.now - begin) / 10


def test_the_memory_of_tries_is_bounded() -> None:
    brake = RateLimit(burst=1, refill=30, clock=Clock())
    for number in range(20_001):
        brake.take(str(number))
    assert len(brake._buckets) == 20_000


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("", "", True),
    ],
)
def test_an_ipv6_household_is_one_address(one: str, other: str, same: bool) -> None:
    assert (network_of(one) == network_of(other)) is same


LINE = b'{"niss":"12345678910","password":"uma frase comprida","name":"Ana","email":"ana@example.org","kind":"person"}'


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (b"{", "line 2"),
        (LINE.replace(b"12345678910", b"12345678911"), "/niss: niss"),
        (LINE.replace(b"12345678910", b"20000000001"), "line 2"),
        (LINE.replace(b"uma frase comprida", b"curta"), "/password: too_short"),
        (LINE.replace(b"ana@example.org", b"ana"), "/email: format"),
        (LINE.replace(b"person", b"dog"), "/kind: not_listed"),
    ],
)
def test_a_wrong_line_of_accounts_is_named_by_number_and_field_without_what_it_holds(
    line: bytes, complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint) as refused:
        read(io.BytesIO(LINE + b"\n" + line))
    said: Any = str(refused.value)
    assert "ana" not in said.replace("any", "")
    assert "frase" not in said
    assert "123" not in said
