"""A client of the public API: sign in, upload a file, file a request, add to it, read it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from http import HTTPStatus
from typing import Any, Final, Self, TypeVar
from urllib.parse import quote
from uuid import UUID

import httpx2
from pydantic import BaseModel, ConfigDict, ValidationError

from deploy.demo.data import DemoAccount, DemoRating, DemoRequest
from deploy.demo.errors import DemoError
from services.common.legal_clock import day_of

TIMEOUT_SECONDS: Final = 15.0
TRIES: Final = 30
RETRY_SECONDS: Final = 1.0
"""The delay before a retry when the response has no `Retry-After`."""

MAX_WAIT_SECONDS: Final = 5.0
RETRYABLE: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
MEDIA_TYPES: Final = {"pdf": "application/pdf", "png": "image/png", "jpg": "image/jpeg"}


class _Response(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Account(_Response):
    account_id: UUID


class SessionResponse(_Response):
    token: str
    account: Account


class UploadResponse(_Response):
    document_id: UUID


class Filed(_Response):
    reference: str
    request_id: UUID
    receipt: str


class ActResponse(_Response):
    act_id: UUID


class Asked(_Response):
    """A document that was asked for."""

    number: int
    state: str


class Hearing(_Response):
    answer_until: date | None = None


class Decided(_Response):
    """How far an act is: `pending`, `applied` or `refused`."""

    outcome: str


class Standing(_Response):
    """The state of a request: a code for programs and a name for people. `act`: that of the act after which it was read."""

    state: str
    state_name: str
    asked: tuple[Asked, ...] = ()
    hearing: Hearing | None = None
    act: Decided | None = None
    outcome: str | None = None


class Found(_Response):
    """A request in a list."""

    reference: str
    state: str


class FoundPage(_Response):
    items: tuple[Found, ...]


class ExplainedDay(_Response):
    day: date
    because: str | None = None
    name: str | None = None


class ExplainedDate(_Response):
    """A last day and how it was counted: the days that do not count have a reason."""

    due_on: date
    length: int
    unit: str
    dilation: int = 0
    extension: int = 0
    days: tuple[ExplainedDay, ...] = ()


class Dates(_Response):
    """The legal deadline of the answer, and the person's own last days."""

    deadline: ExplainedDate | None = None
    deliver: ExplainedDate | None = None
    hearing: ExplainedDate | None = None
    reply: ExplainedDate | None = None


class Delivered(_Response):
    item: int


class Entry(_Response):
    """An entry of the timeline. `seq`: the number of the fact; None for notices."""

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
    items: tuple[Delivered, ...] | None = None
    outcome: str | None = None
    score: int | None = None


class Timeline(_Response):
    entries: list[Entry]


A = TypeVar("A", bound=_Response)


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in person."""

    account_id: UUID
    token: str


class PublicApi:
    """The gateway at `url`. Every method raises DemoError when the demonstration cannot continue.

    Responses with a status in `RETRYABLE` and connection errors are retried with the same idempotency key.
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
        session = _read(SessionResponse, await self._send("sign in", "POST", "/v1/sessions", json=body))
        return Session(session.account.account_id, session.token)

    async def send_file(self, session: Session, key: str, name: str, content: bytes) -> UUID:
        """Upload a file as raw body; returns its id, which the submit of a request names."""
        headers = {
            "Content-Type": MEDIA_TYPES[name.rpartition(".")[2]],
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}",
            "Idempotency-Key": key,
        }
        response = await self._send(f"send {name}", "POST", "/v1/documents", session, headers, content=content)
        return _read(UploadResponse, response).document_id

    async def file(
        self, session: Session, key: str, row: DemoRequest, documents: list[UUID], linked: Filed | None = None
    ) -> Filed:
        """File a request; `linked` is the earlier one that it asks about."""
        body = row.body_on(day_of(datetime.now(UTC)))
        optional = {"documents": [str(each) for each in documents], "linked_to": linked and linked.reference}
        body |= {name: value for name, value in optional.items() if value}
        action = f"file a request about {row.subject}"
        headers = {"Idempotency-Key": key}
        return _read(Filed, await self._send(action, "POST", "/v1/requests", session, headers, json=body))

    async def write(
        self, session: Session, key: str, filed: Filed, text: str, documents: list[UUID], item: int | None = None
    ) -> UUID:
        """Add a message to a request, with files for the asked document number `item` if it is one; returns the id of the act."""
        named = [str(each) for each in documents]
        attachments: dict[str, Any] = {"documents": named} if named else {}
        if item is not None:
            attachments["items"] = [{"item": item, "documents": named}]
        return await self._act(
            "write to a request", session, key, f"{filed.reference}/messages", filed, {"text": text} | attachments
        )

    async def rate(self, session: Session, key: str, filed: Filed, rating: DemoRating) -> UUID:
        """Rate how a request was handled; returns the id of the act."""
        body = rating.model_dump(exclude_none=True)
        return await self._act("rate a request", session, key, f"{filed.reference}/rating", filed, body)

    async def withdraw(self, session: Session, key: str, filed: Filed) -> UUID:
        """Withdraw a request; returns the id of the act."""
        return await self._act("withdraw a request", session, key, f"{filed.reference}/withdrawal", filed, {})

    async def _act(
        self, action: str, session: Session, key: str, path: str, filed: Filed, body: Mapping[str, Any]
    ) -> UUID:
        headers = {"Idempotency-Key": key, "Postigo-Receipt": filed.receipt}
        response = await self._send(action, "POST", f"/v1/requests/{path}", session, headers, json=body)
        return _read(ActResponse, response).act_id

    async def standing(self, session: Session, reference: str, after: UUID | str | None = None) -> Standing | None:
        """The state of the request, and of the act `after`; None while it is not visible yet."""
        query = f"?after={after}" if after else ""
        return await self._get(Standing, session, f"/v1/requests/{reference}{query}")

    async def find(self, session: Session, words: str) -> tuple[Found, ...]:
        """The requests of the account that have all these words, the newest first."""
        page = await self._get(FoundPage, session, f"/v1/requests?q={quote(words)}")
        return () if page is None else page.items

    async def dates(self, session: Session, reference: str) -> Dates | None:
        """The legal dates of the request, explained."""
        return await self._get(Dates, session, f"/v1/requests/{reference}/deadline")

    async def timeline(self, session: Session, reference: str) -> list[Entry]:
        """The timeline of the request; empty while it is not visible yet."""
        timeline = await self._get(Timeline, session, f"/v1/requests/{reference}/timeline")
        return [] if timeline is None else timeline.entries

    async def _get(self, model: type[A], session: Session, path: str) -> A | None:
        response = await self._send("read a request", "GET", path, session)
        return None if response.status_code == HTTPStatus.NOT_FOUND else _read(model, response)

    async def _send(
        self,
        action: str,
        method: str,
        path: str,
        session: Session | None = None,
        headers: Mapping[str, str] | None = None,
        **body: Any,
    ) -> httpx2.Response:
        """Send with retries; returns a successful response, or 404 for a GET. Raises DemoError otherwise."""
        all_headers = dict(headers or {}) | ({"Authorization": f"Bearer {session.token}"} if session else {})
        problem = "no answer"
        for last in (*[False] * (self._tries - 1), True):
            wait = RETRY_SECONDS
            try:
                response = await self._http.request(method, path, headers=all_headers, **body)
            except httpx2.TransportError as error:
                problem = f"no answer ({type(error).__name__})"
            else:
                if response.is_success or (method == "GET" and response.status_code == HTTPStatus.NOT_FOUND):
                    return response
                problem = problem_in(response)
                if response.status_code not in RETRYABLE:
                    break
                wait = _seconds_to_wait(response)
            if not last:
                await asyncio.sleep(wait)
        raise DemoError(f"Trying to {action}, the gateway gave {problem}.", log="gateway")


def problem_in(response: httpx2.Response) -> str:
    """A problem response in short: status, title and fields, without any of the sent values."""
    try:
        problem = response.json()
        fields = [
            f"{each.get('pointer') or each.get('parameter')}: {each['code']}" for each in problem.get("errors", ())
        ]
        detail = f" ({', '.join(fields)})" if fields else ""
        return f"{response.status_code} {problem['title']}{detail}, support code {problem['support_code']}"
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"{response.status_code} without a problem document"


def _seconds_to_wait(response: httpx2.Response) -> float:
    retry_after = response.headers.get("Retry-After", "")
    return min(float(retry_after), MAX_WAIT_SECONDS) if retry_after.isdigit() else RETRY_SECONDS


def _read(model: type[A], response: httpx2.Response) -> A:
    try:
        return model.model_validate_json(response.content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = "/".join(map(str, first["loc"]))
        raise DemoError(
            f"The answer of {response.request.url.path} does not match the contract: {where}: {first['msg']}."
        ) from None
