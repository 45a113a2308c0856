"""Many clients of the public API. Like real clients, they retry with the same idempotency key until they get an answer.

The answers are part of the history.
"""

import asyncio
import random
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

import httpx2

from deploy.demo.cases import sha256_of, submission_of
from deploy.demo.client import MEDIA_TYPES
from deploy.demo.data import DemoAccount, load_accounts, read_document
from deploy.verification.evidence import Act, File, Submission
from tests.faults.workload import ACTS, PlannedAct, PlannedRequest

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


class NeverAnswered(Exception):
    """A client ran out of time, or got an unexpected answer."""


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
            await session.file()
            await session.act()
        except NeverAnswered:
            return
        finally:
            self.sent.append(session.submission())

    async def token(self, http: httpx2.AsyncClient, account: DemoAccount, answers: "AnswerLog", stale: str = "") -> str:
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
        answers: "AnswerLog",
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


class AnswerLog:
    """The answers that one client got, with their times."""

    def __init__(self) -> None:
        self.entries: list[tuple[datetime, str]] = []

    def add(self, what: str) -> None:
        self.entries.append((datetime.now(UTC), what))


class ClientSession:
    """One client with one request, from the submit to the last act."""

    def __init__(self, clients: Clients, http: httpx2.AsyncClient, part: PlannedRequest) -> None:
        self._clients = clients
        self._http = http
        self._part = part
        self._account = next(each for each in load_accounts() if each.key == part.row.account)
        self._told = AnswerLog()
        self._files: list[File] = []
        self._filed: Mapping[str, Any] = {}
        self._acts: list[Act] = []

    async def file(self) -> None:
        for index, name in enumerate(self._part.files):
            headers = {
                "Content-Type": MEDIA_TYPES[name.rpartition(".")[2]],
                "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}",
            }
            key = self._key("file", str(index))
            content = read_document(name)
            sent = await self._signed_in("POST", "/v1/documents", key, headers, content=content)
            self._files.append(File(UUID(sent["document_id"]), name, sha256_of(content)))
        row = self._part.row
        body = {"subject": row.subject, "reason": row.reason, "description": row.description}
        named = {"documents": [str(file.document_id) for file in self._files]} if self._files else {}
        self._filed = await self._signed_in("POST", "/v1/requests", self._key("request"), {}, json=body | named)

    async def act(self) -> None:
        """Perform all planned acts, each at its time. Unacknowledged acts are noted too."""
        started = time.monotonic()
        for number, planned in enumerate(sorted(self._part.then, key=lambda planned: planned.after)):
            await asyncio.sleep(max(0.0, started + planned.after - time.monotonic()))
            self._acts.append(Act(planned.kind, None))
            self._acts[-1] = await self._act(number, planned)

    async def _act(self, number: int, planned: PlannedAct) -> Act:
        act = ACTS[planned.kind]
        body = {
            name: f"{value} ({self._part.number}.{number})" if isinstance(value, str) else value
            for name, value in act.body.items()
        }
        path = f"/v1/requests/{self._filed['reference']}/{act.path}"
        receipt = {"Postigo-Receipt": self._filed["receipt"]}
        done = await self._signed_in("POST", path, self._key("act", str(number)), receipt, json=body)
        return Act(planned.kind, done["act_id"], body.get("text"))

    async def _signed_in(
        self, method: str, path: str, key: str, headers: Mapping[str, str], **body: Any
    ) -> Mapping[str, Any]:
        """Send with a session, and sign in again when it has become invalid."""
        stale = ""
        while True:
            token = await self._clients.token(self._http, self._account, self._told, stale)
            sent = {**headers, "Authorization": f"Bearer {token}", "Idempotency-Key": key}
            answer = await self._clients.send_until_answered(self._http, self._told, method, path, sent, **body)
            if answer.status_code != HTTPStatus.UNAUTHORIZED:
                read: Mapping[str, Any] = answer.json()
                return read
            stale = token
            await asyncio.sleep(0.2)

    def _key(self, *parts: str) -> str:
        """An idempotency key: the same for retries, different in every run."""
        run = re.sub(r"[^!-~]|/", "-", self._clients.name)
        return "-".join((run, str(self._part.number), *parts)).ljust(16, "-")

    def submission(self) -> Submission:
        account_id = self._clients.account_id(self._account) if self._files or self._filed else UUID(int=0)
        request_id = self._filed.get("request_id")
        return replace(
            submission_of(self._part.number, self._part.row, self._account, account_id),
            files=tuple(self._files),
            reference=self._filed.get("reference"),
            request_id=UUID(request_id) if request_id else None,
            acts=tuple(self._acts),
            answers=tuple(self._told.entries),
        )


def _seconds_to_wait(answer: httpx2.Response, otherwise: float) -> float:
    retry_after = answer.headers.get("Retry-After", "")
    return min(float(retry_after), MAX_WAIT) if retry_after.isdigit() else otherwise
