"""Sign-in. An unknown account and a wrong password cause the same work and the same answer."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from gateway.accounts.domain import Account, Credentials, Session, account_id_of, session_for
from gateway.accounts.guesses import Attempt, Guesses
from gateway.accounts.passwords import Passwords
from gateway.accounts.places import SignInPlaces
from gateway.accounts.sessions import Sessions
from gateway.accounts.store import KNOWN_FOR, RENEWED_AFTER, AccountStore, KnownNetworks
from services.common.contracts.intake import Who
from services.common.domain.networks import network_of
from services.common.domain.tokens import new_token
from services.common.http import problem_types
from services.common.http.problems import Problem
from services.common.telemetry import security


@dataclass(slots=True)
class SignIn:
    accounts: AccountStore
    sessions: Sessions
    networks: KnownNetworks
    guesses: Guesses
    id_secret: bytes
    most: Mapping[Who, int]
    """Sign-ins of one account in an hour."""
    passwords: Passwords = field(default_factory=Passwords)
    places: SignInPlaces = field(default_factory=SignInPlaces)

    async def begin(self, credentials: Credentials, address: str) -> tuple[str, Session, Account]:
        """A token, its session and its account. Raises the problem `wrong-credentials`, `too-many` or `busy`."""
        account_id = account_id_of(self.id_secret, credentials.niss)
        network = network_of(address)
        with self.places.enter(network):
            account, known_until = await asyncio.gather(
                self.accounts.find(account_id), self.networks.known_until(account_id, network)
            )
            now = datetime.now(UTC)
            attempt = Attempt(account_id, network, known=known_until is not None and known_until > now, at=now)
            with self.places.queue(attempt):
                await self._require_allowed(attempt, address)
                async with self.places.turn(attempt):
                    password_hash = None if account is None else account.password_hash
                    verified = await self.passwords.verify(credentials.password, password_hash)
            if account is None or not verified:
                await self.guesses.was_wrong(attempt)
                security.report("sign-in-refused", "wrong-credentials", account=account_id, address=address)
                raise Problem(problem_types.WRONG_CREDENTIALS, headers={"WWW-Authenticate": "Bearer"})
            await self.guesses.give_back(attempt)
            if wait := await self.guesses.sign_in(attempt, self.most[account.who]):
                security.report("limit-reached", "sign-ins", account=account_id)
                raise Problem(problem_types.TOO_MANY, retry_after=wait)
            if known_until is None or known_until < now + KNOWN_FOR - RENEWED_AFTER:
                await self.networks.add(account_id, network, now)
            token, stored = new_token(), session_for(account, now)
            await self.sessions.start(token, stored)
        return token, stored.session, account

    async def _require_allowed(self, attempt: Attempt, address: str) -> None:
        if wait := await self.guesses.take(attempt):
            security.report("sign-in-refused", "too-many", account=attempt.account_id, address=address)
            raise Problem(problem_types.TOO_MANY, retry_after=wait)
