"""Many clients of the public API. Like real clients, they retry with the same idempotency key until they get an answer.

The answers are part of the history.
"""

import asyncio
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

import httpx2

from deploy.demo.data import DemoAccount
from deploy.verification.evidence import Submission
from tests.faults.client_session import AnswerLog, ClientSession, NeverAnswered
from tests.faults.workload import PlannedRequest

TIMEOUT: Final = httpx2.Timeout(8.0, connect=3.0)
"""Seconds until a client retries without an answer."""

RETRYABLE: Final = frozenset(
    {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
MAX_WAIT: Final = 3.0
"""The longest delay before a retry: a test has no time for a longer `Retry-After`."""


@dataclass(slots=True)
class Clients:
    """`unexpected`: answers that must not occur. `sent`: all submissions, acknowledged or not. `url`: the public API."""

    url: str
    name: str
    until: float
    """`time.monotonic()` at which clients stop retrying."""

    unexpected: list[str] = field(default_factory=list)
    sent: list[Submission] = field(default_factory=list)
    _tokens: dict[str, tuple[UUID, str]] = field(default_factory=dict)
    _sign_in_locks: dict[str, asyncio.Lock] = field(default_factory=dict)
    _chance: random.Random = field(default_factory=random.Random)

    async def run(self, parts: Sequence[PlannedRequest]) -> None:
        """File every request at its time. Returns when all clients got an answer or ran out of time."""
        started = time.monotonic()
        limits = httpx2.Limits(max_connections=64, max_keepalive_connections=16)
        async with (
            httpx2.AsyncClient(base_url=self.url, timeout=TIMEOUT, trust_env=False, limits=limits) as http,
            asyncio.TaskGroup() as group,
        ):
            for part in parts:
                group.create_task(self._run_client(http, part, started))

    async def _run_client(self, http: httpx2.AsyncClient, part: PlannedRequest, started: float) -> None:
        await asyncio.sleep(max(0.0, started + part.at - time.monotonic()))
        session = ClientSession(self, http, part)
        try:
            await session.live()
        finally:
            self.sent.append(session.submission())

    async def token(self, http: httpx2.AsyncClient, account: DemoAccount, answers: AnswerLog, stale: str = "") -> str:
        """A token of the account that is not `stale`. One client signs in, the others of the account wait."""
        async with self._sign_in_locks.setdefault(account.key, asyncio.Lock()):
            known = self._tokens.get(account.key)
            if known is None or known[1] == stale:
                body = {"niss": account.niss, "password": account.password}
                answer = await self.send_until_answered(http, answers, "POST", "/v1/sessions", {}, json=body)
                if not answer.is_success:
                    self.unexpected.append(f"{answer.status_code} to a sign-in: {answer.text[:300]}")
                    raise NeverAnswered
                created = answer.json()
                known = self._tokens[account.key] = (UUID(created["account"]["account_id"]), created["token"])
            return known[1]

    def account_id(self, account: DemoAccount) -> UUID:
        return self._tokens[account.key][0]

    async def send_until_answered(
        self,
        http: httpx2.AsyncClient,
        answers: AnswerLog,
        method: str,
        path: str,
        headers: Mapping[str, str],
        **body: Any,
    ) -> httpx2.Response:
        """Send until there is a final answer: a success, or 401 for an invalid session. Raises `NeverAnswered`."""
        while time.monotonic() < self.until:
            wait = self._chance.uniform(0.2, 1.0)
            try:
                answer = await http.request(method, path, headers=headers, **body)
            except httpx2.TransportError as error:
                answers.add(f"{method} {path}: no answer ({type(error).__name__})")
            else:
                answers.add(f"{method} {path}: {answer.status_code}")
                if answer.is_success or answer.status_code == HTTPStatus.UNAUTHORIZED:
                    return answer
                if answer.status_code not in RETRYABLE:
                    self.unexpected.append(f"{answer.status_code} to {method} {path}: {answer.text[:300]}")
                    raise NeverAnswered
                wait = _seconds_to_wait(answer, wait)
            await asyncio.sleep(wait)
        raise NeverAnswered


def _seconds_to_wait(answer: httpx2.Response, otherwise: float) -> float:
    retry_after = answer.headers.get("Retry-After", "")
    return min(float(retry_after), MAX_WAIT) if retry_after.isdigit() else otherwise
