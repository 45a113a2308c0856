"""Many people at the counter, who try again as real clients do: the same request, under the same key, until they are told.

What they were told is part of the history.
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
from tests.faults.script import ACTS, Part, Wish

PATIENCE: Final = httpx2.Timeout(8.0, connect=3.0)
"""Seconds that a person waits for an answer before they try again."""

NOT_NOW: Final = frozenset(
    {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
LONGEST_WAIT: Final = 3.0
"""Whatever is said of when to come back: nobody here has time."""


class NeverTold(Exception):
    """Somebody gave up, or was refused what may not be refused."""


@dataclass(slots=True)
class People:
    """`strange` collects answers that nobody should get. `sent` grows with what was filed, whether told or not."""

    counter: str
    name: str
    until: float
    """`time.monotonic()` at which whoever was not told gives up."""

    strange: list[str] = field(default_factory=list)
    sent: list[Submission] = field(default_factory=list)
    _tokens: dict[str, tuple[UUID, str]] = field(default_factory=dict)
    _doors: dict[str, asyncio.Lock] = field(default_factory=dict)
    _chance: random.Random = field(default_factory=random.Random)

    async def come(self, parts: Sequence[Part]) -> None:
        """Everybody files what they have to file, at its time. Returns once all were told, or have given up."""
        begin = time.monotonic()
        limits = httpx2.Limits(max_connections=64, max_keepalive_connections=16)
        async with (
            httpx2.AsyncClient(base_url=self.counter, timeout=PATIENCE, trust_env=False, limits=limits) as http,
            asyncio.TaskGroup() as everybody,
        ):
            for part in parts:
                everybody.create_task(self._person(http, part, begin))

    async def _person(self, http: httpx2.AsyncClient, part: Part, begin: float) -> None:
        await asyncio.sleep(max(0.0, begin + part.at - time.monotonic()))
        visit = Visit(self, http, part)
        try:
            await visit.file()
            await visit.act()
        except NeverTold:
            return
        finally:
            self.sent.append(visit.submission())

    async def token(self, http: httpx2.AsyncClient, account: DemoAccount, told: "Told", stale: str = "") -> str:
        """A session of the account that is not `stale`; one person signs in, the others wait."""
        async with self._doors.setdefault(account.key, asyncio.Lock()):
            known = self._tokens.get(account.key)
            if known is None or known[1] == stale:
                body = {"niss": account.niss, "password": account.password}
                answer = await self.persist(http, told, "POST", "/v1/sessions", {}, json=body)
                if not answer.is_success:
                    self.strange.append(f"{answer.status_code} to somebody who signed in: {answer.text[:300]}")
                    raise NeverTold
                begun = answer.json()
                known = self._tokens[account.key] = (UUID(begun["account"]["account_id"]), begun["token"])
            return known[1]

    def account_id(self, account: DemoAccount) -> UUID:
        return self._tokens[account.key][0]

    async def persist(
        self, http: httpx2.AsyncClient, told: "Told", method: str, path: str, headers: Mapping[str, str], **body: Any
    ) -> httpx2.Response:
        """The answer that ends the matter: a success, or that the session is no good. Raises `NeverTold`."""
        while time.monotonic() < self.until:
            wait = self._chance.uniform(0.2, 1.0)
            try:
                answer = await http.request(method, path, headers=headers, **body)
            except httpx2.TransportError as error:
                told.hear(f"{method} {path}: no answer ({type(error).__name__})")
            else:
                told.hear(f"{method} {path}: {answer.status_code}")
                if answer.is_success or answer.status_code == HTTPStatus.UNAUTHORIZED:
                    return answer
                if answer.status_code not in NOT_NOW:
                    self.strange.append(f"{answer.status_code} to {method} {path}: {answer.text[:300]}")
                    raise NeverTold
                wait = _seconds_to_wait(answer, wait)
            await asyncio.sleep(wait)
        raise NeverTold


class Told:
    """What one person heard, and when."""

    def __init__(self) -> None:
        self.heard: list[tuple[datetime, str]] = []

    def hear(self, what: str) -> None:
        self.heard.append((datetime.now(UTC), what))


class Visit:
    """One person with one request, from filing to the last thing they do with it."""

    def __init__(self, people: People, http: httpx2.AsyncClient, part: Part) -> None:
        self._people = people
        self._http = http
        self._part = part
        self._account = next(each for each in load_accounts() if each.key == part.row.account)
        self._told = Told()
        self._files: list[File] = []
        self._filed: Mapping[str, Any] = {}
        self._acts: list[Act] = []

    async def file(self) -> None:
        for place, name in enumerate(self._part.files):
            headers = {
                "Content-Type": MEDIA_TYPES[name.rpartition(".")[2]],
                "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}",
            }
            key = self._key("file", str(place))
            content = read_document(name)
            sent = await self._signed_in("POST", "/v1/documents", key, headers, content=content)
            self._files.append(File(UUID(sent["document_id"]), name, sha256_of(content)))
        row = self._part.row
        body = {"subject": row.subject, "reason": row.reason, "description": row.description}
        named = {"documents": [str(file.document_id) for file in self._files]} if self._files else {}
        self._filed = await self._signed_in("POST", "/v1/requests", self._key("request"), {}, json=body | named)

    async def act(self) -> None:
        """Everything that its author does with it, each at its time. What was not acknowledged is noted too."""
        begin = time.monotonic()
        for number, wish in enumerate(sorted(self._part.then, key=lambda wish: wish.after)):
            await asyncio.sleep(max(0.0, begin + wish.after - time.monotonic()))
            self._acts.append(Act(wish.kind, None))
            self._acts[-1] = await self._act(number, wish)

    async def _act(self, number: int, wish: Wish) -> Act:
        act = ACTS[wish.kind]
        body = {
            name: f"{value} ({self._part.number}.{number})" if isinstance(value, str) else value
            for name, value in act.body.items()
        }
        path = f"/v1/requests/{self._filed['reference']}/{act.path}"
        shown = {"Postigo-Receipt": self._filed["receipt"]}
        done = await self._signed_in("POST", path, self._key("act", str(number)), shown, json=body)
        return Act(wish.kind, done["act_id"], body.get("text"))

    async def _signed_in(
        self, method: str, path: str, key: str, headers: Mapping[str, str], **body: Any
    ) -> Mapping[str, Any]:
        """What is answered to somebody with a session, who signs in again when it is no good any more."""
        stale = ""
        while True:
            token = await self._people.token(self._http, self._account, self._told, stale)
            sent = {**headers, "Authorization": f"Bearer {token}", "Idempotency-Key": key}
            answer = await self._people.persist(self._http, self._told, method, path, sent, **body)
            if answer.status_code != HTTPStatus.UNAUTHORIZED:
                read: Mapping[str, Any] = answer.json()
                return read
            stale = token
            await asyncio.sleep(0.2)

    def _key(self, *parts: str) -> str:
        """The same for whatever is sent again, in this run only."""
        run = re.sub(r"[^!-~]|/", "-", self._people.name)
        return "-".join((run, str(self._part.number), *parts)).ljust(16, "-")

    def submission(self) -> Submission:
        account_id = self._people.account_id(self._account) if self._files or self._filed else UUID(int=0)
        request_id = self._filed.get("request_id")
        return replace(
            submission_of(self._part.number, self._part.row, self._account, account_id),
            files=tuple(self._files),
            reference=self._filed.get("reference"),
            request_id=UUID(request_id) if request_id else None,
            acts=tuple(self._acts),
            answers=tuple(self._told.heard),
        )


def _seconds_to_wait(answer: httpx2.Response, otherwise: float) -> float:
    told = answer.headers.get("Retry-After", "")
    return min(float(told), LONGEST_WAIT) if told.isdigit() else otherwise
