"""Signing in: the same answer and the same work whether the account or only the password is wrong."""

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
        """A token, its session and its account. Problems: `wrong-credentials`, `too-many`, `busy`."""
        account_id = account_id_of(self.id_secret, credentials.niss)
        network = network_of(address)
        # Guesses from one network keep the account's owner out of that network alone.
        taken = (
            (self.address_limit, network),
            (self.pair_limit, f"{network} {account_id}"),
            (self.account_limit, str(account_id)),
        )
        _take(taken)
        guessed_wrong = False
        try:
            with self.limit:
                account = await self.accounts.find(account_id)
                known_hash = None if account is None else account.password_hash
                fits = await self.verifier.verify(credentials.password, known_hash)
            guessed_wrong = account is None or not fits
        finally:
            # An outage, or a counter too busy to look, is no guess.
            if not guessed_wrong:
                _give_back(taken)
        if account is None or not fits:
            raise Problem(problem_types.WRONG_CREDENTIALS, headers={"WWW-Authenticate": "Bearer"})
        token, session = new_token(), session_for(account, datetime.now(UTC))
        await self.sessions.begin(token, session)
        return token, session, account


Tries = tuple[tuple[RateLimit, str], ...]


def _take(tries: Tries) -> None:
    """One try of each, or none: who is refused by the second has not guessed, and must not use up the first."""
    for count, (limit, key) in enumerate(tries):
        if wait := limit.take(key):
            _give_back(tries[:count])
            raise Problem(problem_types.TOO_MANY, retry_after=wait)


def _give_back(tries: Tries) -> None:
    for limit, key in tries:
        limit.give_back(key)


def network_of(address: str) -> str:
    """What counts as one address: an IPv6 household owns a /64."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(int(parsed) >> 64) if isinstance(parsed, IPv6Address) else address
