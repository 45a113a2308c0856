"""One client of the public API: files a request, and acts on it."""

import asyncio
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote
from uuid import UUID

import httpx2

from deploy.demo.author import ENDED, is_due
from deploy.demo.cases import sha256_of, submission_of
from deploy.demo.client import MEDIA_TYPES, Standing
from deploy.demo.data import DemoMessage, load_accounts, read_document
from deploy.verification.evidence import MESSAGE, Act, File, Submission
from services.common.legal_clock import day_of
from tests.faults.workload import ACTS, PlannedRequest

if TYPE_CHECKING:
    from tests.faults.clients import Clients

POLL_SECONDS: Final = 1.0

LONGEST_ACT: Final = 25.0
"""Seconds before the end of the time from which no client begins to say something: everybody must get an answer."""


class NeverAnswered(Exception):
    """A client ran out of time, or got an unexpected answer."""


class AnswerLog:
    """The answers that one client got, with their times."""

    def __init__(self) -> None:
        self.entries: list[tuple[datetime, str]] = []

    def add(self, what: str) -> None:
        self.entries.append((datetime.now(UTC), what))


class ClientSession:
    """One client with one request, from the submit to the last act.

    It acts at planned times and, beside that, says what the demonstration's author of the request says at its moments.
    """

    def __init__(self, clients: "Clients", http: httpx2.AsyncClient, part: PlannedRequest) -> None:
        self._clients = clients
        self._http = http
        self._part = part
        self._account = next(each for each in load_accounts() if each.key == part.row.account)
        self._told = AnswerLog()
        self._files: list[File] = []
        self._filed: Mapping[str, Any] = {}
        self._acts: list[Act] = []

    async def live(self) -> None:
        """File the request, then act and converse at the same time. Returns when all is said or the time is over."""
        with suppress(NeverAnswered):
            await self._file()
            for result in await asyncio.gather(self._act_at_times(), self._converse(), return_exceptions=True):
                if isinstance(result, BaseException):
                    raise result

    async def _file(self) -> None:
        for index, name in enumerate(self._part.files):
            self._files.append(await self._send(name, "file", str(index)))
        body = self._part.row.body_on(day_of(datetime.now(UTC)))
        named = {"documents": [str(file.document_id) for file in self._files]} if self._files else {}
        self._filed = await self._signed_in("POST", "/v1/requests", self._key("request"), {}, json=body | named)

    async def _send(self, name: str, *parts: str) -> File:
        headers = {
            "Content-Type": MEDIA_TYPES[name.rpartition(".")[2]],
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}",
        }
        content = read_document(name)
        sent = await self._signed_in("POST", "/v1/documents", self._key(*parts), headers, content=content)
        return File(UUID(sent["document_id"]), name, sha256_of(content))

    async def _act_at_times(self) -> None:
        """Perform all planned acts, each at its time."""
        started = time.monotonic()
        for planned in sorted(self._part.then, key=lambda planned: planned.after):
            await asyncio.sleep(max(0.0, started + planned.after - time.monotonic()))
            act = ACTS[planned.kind]
            number = len(self._acts)
            body: dict[str, Any] = {
                name: f"{value} ({self._part.number}.{number})" if isinstance(value, str) else value
                for name, value in act.body.items()
            }
            await self._act(Act(planned.kind, None, body.get("text"), score=body.get("score")), act.path, body)

    async def _converse(self) -> None:
        """Say each later message of the row at its moment, until the request has ended or the time is short."""
        later = [(index, message) for index, message in enumerate(self._part.row.messages) if message.when != "filed"]
        said: set[int] = set()
        latest = ""
        while later and time.monotonic() < self._clients.until - LONGEST_ACT:
            standing = await self._standing(latest)
            if standing.state in ENDED:
                return
            pending = standing.act is not None and standing.act.outcome == "pending"
            for index, message in later if not pending else ():
                if (index not in said or message.when == "heard") and is_due(message, standing):
                    latest = await self._say(index, message)
                    said.add(index)
                    break
            await asyncio.sleep(POLL_SECONDS)

    async def _standing(self, after: str) -> Standing:
        query = f"?after={after}" if after else ""
        path = f"/v1/requests/{self._filed['reference']}{query}"
        return Standing.model_validate(await self._signed_in("GET", path, "", self._receipt))

    async def _say(self, index: int, message: DemoMessage) -> str:
        """Returns the id of the act."""
        number = str(len(self._acts))
        files = [await self._send(name, "said", number, name) for name in message.documents]
        documents = tuple(file.document_id for file in files)
        body: dict[str, Any] = {"text": f"{message.text} ({self._part.number}.{index}.{number})"}
        items = {}
        if documents:
            body["documents"] = [str(each) for each in documents]
        if message.item is not None:
            body["items"] = [{"item": message.item, "documents": body["documents"]}]
            items = {message.item: documents}
        return await self._act(Act(MESSAGE, None, body["text"], files, items), "messages", body)

    async def _act(self, act: Act, path: str, body: Mapping[str, Any]) -> str:
        """Perform an act, and return its id. Unacknowledged acts are noted too."""
        number = len(self._acts)
        self._acts.append(act)
        where = f"/v1/requests/{self._filed['reference']}/{path}"
        done = await self._signed_in("POST", where, self._key("act", str(number)), self._receipt, json=body)
        self._acts[number] = replace(act, act_id=done["act_id"])
        return str(done["act_id"])

    @property
    def _receipt(self) -> Mapping[str, str]:
        return {"Postigo-Receipt": self._filed["receipt"]}

    async def _signed_in(
        self, method: str, path: str, key: str, headers: Mapping[str, str], **body: Any
    ) -> Mapping[str, Any]:
        """Send with a session, and sign in again when it has become invalid."""
        stale = ""
        while True:
            token = await self._clients.token(self._http, self._account, self._told, stale)
            sent = {**headers, "Authorization": f"Bearer {token}"} | ({"Idempotency-Key": key} if key else {})
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
