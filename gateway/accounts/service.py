"""Sign-in. An unknown account and a wrong password cause the same work and the same answer."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import IPv6Address, ip_address
from typing import Final

from gateway.accounts.domain import Account, Credentials, Session, account_id_of, new_token, session_for
from gateway.accounts.passwords import Verifier
from gateway.accounts.sessions import Sessions
from gateway.accounts.store import AccountStore
from gateway.limits import ConcurrencyLimit
from gateway.rate_limit import RateLimit
from services.common.http import problem_types
from services.common.http.problems import Problem

SIGN_INS: Final = 32
"""Concurrent sign-ins."""


@dataclass(slots=True)
class SignIn:
    accounts: AccountStore
    sessions: Sessions
    id_secret: bytes
    verifier: Verifier = field(default_factory=Verifier)
    pair_limit: RateLimit = field(default_factory=lambda: RateLimit(burst=10, refill=30))
    account_limit: RateLimit = field(default_factory=lambda: RateLimit(burst=60, refill=10))
    address_limit: RateLimit = field(default_factory=lambda: RateLimit(burst=100, refill=2))
    limit: ConcurrencyLimit = field(default_factory=lambda: ConcurrencyLimit("sign-ins", SIGN_INS))

    async def begin(self, credentials: Credentials, address: str) -> tuple[str, Session, Account]:
        """A token, its session and its account. Raises the problem `wrong-credentials`, `too-many` or `busy`."""
        account_id = account_id_of(self.id_secret, credentials.niss)
        network = network_of(address)
        # Wrong guesses from one network lock the account for that network; its owner can still sign in from another.
        attempts = (
            (self.address_limit, network),
            (self.pair_limit, f"{network} {account_id}"),
            (self.account_limit, str(account_id)),
        )
        _take_attempts(attempts)
        wrong_guess = False
        try:
            with self.limit:
                account = await self.accounts.find(account_id)
                known_hash = None if account is None else account.password_hash
                verified = await self.verifier.verify(credentials.password, known_hash)
            wrong_guess = account is None or not verified
        finally:
            # Only a wrong password counts: an outage or an overload tested no password.
            if not wrong_guess:
                _give_back(attempts)
        if account is None or not verified:
            raise Problem(problem_types.WRONG_CREDENTIALS, headers={"WWW-Authenticate": "Bearer"})
        token, session = new_token(), session_for(account, datetime.now(UTC))
        await self.sessions.start(token, session)
        return token, session, account


Attempts = tuple[tuple[RateLimit, str], ...]


def _take_attempts(attempts: Attempts) -> None:
    """Take one token from every rate limit, or from none: a rejected attempt tests no password and must not count."""
    for count, (limit, key) in enumerate(attempts):
        if wait := limit.take(key):
            _give_back(attempts[:count])
            raise Problem(problem_types.TOO_MANY, retry_after=wait)


def _give_back(attempts: Attempts) -> None:
    for limit, key in attempts:
        limit.give_back(key)


def network_of(address: str) -> str:
    """The rate-limit key of a client address: the /64 prefix for IPv6, because one household owns a whole /64."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(int(parsed) >> 64) if isinstance(parsed, IPv6Address) else address
