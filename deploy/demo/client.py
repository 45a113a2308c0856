"""The public API as anybody may use it: sign in, send a file, file a request, read it, follow it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final, Self, TypeVar
from urllib.parse import quote
from uuid import UUID

import httpx2
from pydantic import BaseModel, ConfigDict, ValidationError

from deploy.demo.data import DemoAccount, DemoRequest
from deploy.demo.errors import DemoError

TIMEOUT_SECONDS: Final = 15.0
TRIES: Final = 30
AWAY_SECONDS: Final = 1.0
"""Seconds before the next try when the gateway does not say how many."""

LONGEST_WAIT_SECONDS: Final = 5.0
NOT_NOW: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
MEDIA_TYPES: Final = {"pdf": "application/pdf", "png": "image/png", "jpg": "image/jpeg"}


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Account(_Answer):
    account_id: UUID


class Begun(_Answer):
    token: str
    account: Account


class Sent(_Answer):
    document_id: UUID


class Filed(_Answer):
    reference: str
    request_id: UUID
    receipt: str


class Taken(_Answer):
    act_id: UUID


class Standing(_Answer):
    """Where a request stands: for programs, and for people."""

    state: str
    state_name: str


class Entry(_Answer):
    """A line of the timeline; `seq` numbers the request's facts, a notice has none."""

    seq: int | None = None
    type: str
    title: str
    at: datetime
    state: str | None = None
    department_name: str | None = None
    text: str | None = None
    document_name: str | None = None
    act_id: UUID | None = None
    because: str | None = None
    channel: str | None = None


class Timeline(_Answer):
    entries: list[Entry]


A = TypeVar("A", bound=_Answer)


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who has signed in."""

    account_id: UUID
    token: str


class PublicApi:
    """The gateway at `url`. Every method raises DemoError for an answer that ends the demonstration.

    "Not now" and no answer at all are taken as what they are: the same is sent again, under the same key.
    """

    def __init__(self, url: str, *, tries: int = TRIES) -> None:
        self._tries = tries
        limits = httpx2.Limits(max_connections=16)
        self._http = httpx2.AsyncClient(base_url=url, timeout=TIMEOUT_SECONDS, trust_env=False, limits=limits)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def sign_in(self, account: DemoAccount) -> Session:
        body = {"niss": account.niss, "password": account.password}
        begun = _read(Begun, await self._ask("sign in", "POST", "/v1/sessions", json=body))
        return Session(begun.account.account_id, begun.token)

    async def send_file(self, session: Session, key: str, name: str, content: bytes) -> UUID:
        """Send a file as the raw body; its id is named when the request is filed."""
        headers = {
            "Content-Type": MEDIA_TYPES[name.rpartition(".")[2]],
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}",
            "Idempotency-Key": key,
        }
        answer = await self._ask(f"send {name}", "POST", "/v1/documents", session, headers, content=content)
        return _read(Sent, answer).document_id

    async def file(self, session: Session, key: str, row: DemoRequest, documents: list[UUID]) -> Filed:
        body = {"subject": row.subject, "reason": row.reason, "description": row.description}
        named = {"documents": [str(each) for each in documents]} if documents else {}
        what = f"file a request about {row.subject}"
        headers = {"Idempotency-Key": key}
        return _read(Filed, await self._ask(what, "POST", "/v1/requests", session, headers, json=body | named))

    async def write(self, session: Session, key: str, filed: Filed, text: str, documents: list[UUID]) -> UUID:
        """Add a message to a request; the id of the act."""
        named = {"documents": [str(each) for each in documents]} if documents else {}
        return await self._act(
            "write to a request", session, key, f"{filed.reference}/messages", filed, {"text": text} | named
        )

    async def withdraw(self, session: Session, key: str, filed: Filed) -> UUID:
        """Take a request back; the id of the act."""
        return await self._act("withdraw a request", session, key, f"{filed.reference}/withdrawal", filed, {})

    async def _act(
        self, what: str, session: Session, key: str, where: str, filed: Filed, body: Mapping[str, Any]
    ) -> UUID:
        headers = {"Idempotency-Key": key, "Postigo-Receipt": filed.receipt}
        answer = await self._ask(what, "POST", f"/v1/requests/{where}", session, headers, json=body)
        return _read(Taken, answer).act_id

    async def standing(self, session: Session, reference: str) -> Standing | None:
        """Where the request stands; None while it cannot be seen."""
        return await self._look(Standing, session, f"/v1/requests/{reference}")

    async def timeline(self, session: Session, reference: str) -> list[Entry]:
        """What its author sees of it; nothing while it cannot be seen."""
        found = await self._look(Timeline, session, f"/v1/requests/{reference}/timeline")
        return [] if found is None else found.entries

    async def _look(self, model: type[A], session: Session, path: str) -> A | None:
        answer = await self._ask("read a request", "GET", path, session)
        return None if answer.status_code == HTTPStatus.NOT_FOUND else _read(model, answer)

    async def _ask(
        self,
        what: str,
        method: str,
        path: str,
        session: Session | None = None,
        headers: Mapping[str, str] | None = None,
        **body: Any,
    ) -> httpx2.Response:
        """The answer, unless it is a refusal. Being told "not now" too often is one."""
        sent = dict(headers or {}) | ({"Authorization": f"Bearer {session.token}"} if session else {})
        said = "no answer"
        for last in (*[False] * (self._tries - 1), True):
            wait = AWAY_SECONDS
            try:
                answer = await self._http.request(method, path, headers=sent, **body)
            except httpx2.TransportError as error:
                said = f"no answer ({type(error).__name__})"
            else:
                if answer.is_success or (method == "GET" and answer.status_code == HTTPStatus.NOT_FOUND):
                    return answer
                said = problem_in(answer)
                if answer.status_code not in NOT_NOW:
                    break
                wait = _seconds_to_wait(answer)
            if not last:
                await asyncio.sleep(wait)
        raise DemoError(f"Trying to {what}, the counter gave {said}.", log="gateway")


def problem_in(answer: httpx2.Response) -> str:
    """A refusal in short: status, title, and the fields it points at. Nothing that was sent stands in it."""
    try:
        problem = answer.json()
        fields = [
            f"{each.get('pointer') or each.get('parameter')}: {each['code']}" for each in problem.get("errors", ())
        ]
        detail = f" ({', '.join(fields)})" if fields else ""
        return f"{answer.status_code} {problem['title']}{detail}, support code {problem['support_code']}"
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"{answer.status_code} without a problem document"


def _seconds_to_wait(answer: httpx2.Response) -> float:
    told = answer.headers.get("Retry-After", "")
    return min(float(told), LONGEST_WAIT_SECONDS) if told.isdigit() else AWAY_SECONDS


def _read(model: type[A], answer: httpx2.Response) -> A:
    try:
        return model.model_validate_json(answer.content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = "/".join(map(str, first["loc"]))
        raise DemoError(
            f"The answer of {answer.request.url.path} is not as published: {where}: {first['msg']}."
        ) from None
