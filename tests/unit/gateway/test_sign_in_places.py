"""A sign-in that finds no place has tried no password, so it uses up no guess."""

from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID, uuid4

import pytest

from gateway.accounts.domain import Credentials, account_id_of
from gateway.accounts.guesses import Attempt
from gateway.accounts.places import AT_ONE_ACCOUNT
from gateway.accounts.service import SignIn
from services.common.http import problem_types
from services.common.http.problems import Problem

SECRET = b"s" * 32
CREDENTIALS = Credentials(niss="12345678910", password="uma frase comprida")  # noqa: S106
ACCOUNT = account_id_of(SECRET, CREDENTIALS.niss)


class Store:
    """No account, no known network; refuses every guess, and counts them."""

    def __init__(self) -> None:
        self.guesses = 0

    async def find(self, account_id: UUID) -> None:
        return None

    async def known_until(self, account_id: UUID, network: str) -> None:
        return None

    async def take(self, attempt: Attempt) -> int:
        self.guesses += 1
        return 30


def sign_in(store: Store) -> SignIn:
    found = cast("Any", store)
    return SignIn(
        accounts=found, sessions=found, networks=found, guesses=found, id_secret=SECRET, most={"P": 60, "E": 600}
    )


async def refusal(service: SignIn) -> str:
    with pytest.raises(Problem) as refused:
        await service.begin(CREDENTIALS, "192.0.2.1")
    return refused.value.kind.code


async def test_whoever_finds_no_place_among_the_strangers_has_not_guessed() -> None:
    store = Store()
    service = sign_in(store)
    with ExitStack() as strangers:
        for number in range(AT_ONE_ACCOUNT):
            attempt = Attempt(ACCOUNT, f"net-{number}", known=False, at=datetime.now(UTC))
            strangers.enter_context(service.places.queue(attempt))
        assert [await refusal(service) for _ in range(3)] == [problem_types.BUSY.code] * 3
        assert store.guesses == 0
    assert await refusal(service) == problem_types.TOO_MANY.code
    assert store.guesses == 1


async def test_the_owner_in_a_known_network_needs_no_place_among_the_strangers() -> None:
    service = sign_in(Store())
    with ExitStack() as strangers:
        for _ in range(AT_ONE_ACCOUNT):
            strangers.enter_context(service.places.queue(Attempt(ACCOUNT, "net", known=False, at=datetime.now(UTC))))
        known = Attempt(ACCOUNT, "home", known=True, at=datetime.now(UTC))
        with service.places.queue(known):
            async with service.places.turn(known):
                pass
        with service.places.queue(Attempt(uuid4(), "net", known=False, at=datetime.now(UTC))):
            pass
