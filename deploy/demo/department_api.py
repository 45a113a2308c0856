"""What a department asks Postigo over HTTP: who filed a case of its own."""

import asyncio
from http import HTTPStatus
from typing import Any, Final

import httpx2

TIMEOUT_SECONDS: Final = 15.0
WAITS: Final = (0.1, 0.3, 1.0)
"""Seconds between tries while Postigo does not have the case yet: it is a moment behind the inbox."""

PROTECTED: Final = "urn:postigo:problem:author-protected"
"""The problem of a report of an irregularity, or of a request that is linked to one."""


class CaseClosed(Exception):
    """The case needs no answer any more."""


class AuthorProtected(Exception):
    """Nobody may learn who filed the case."""


class DepartmentApi:
    """The calls of department `code` with its `token`. Every method raises ConnectionError if there is no usable answer."""

    def __init__(self, url: str, code: str, token: str) -> None:
        self._cases = f"{url}/v1/departments/{code}/assignments"
        self._headers = {"Authorization": f"Bearer {token}"}

    async def niss_of(self, assignment_id: str, purpose: str) -> str | None:
        """The NISS of whoever filed the case; None if their account is gone. Raises CaseClosed and AuthorProtected."""
        async with httpx2.AsyncClient(headers=self._headers, timeout=TIMEOUT_SECONDS, trust_env=False) as http:
            for wait in (*WAITS, 0.0):
                path = f"{self._cases}/{assignment_id}/contact"
                answer = await self._send(http, "POST", path, json={"purpose": purpose})
                if answer.status_code != HTTPStatus.NOT_FOUND:
                    break
                await asyncio.sleep(wait)
            if answer.status_code == HTTPStatus.NOT_FOUND and await self._is_closed(http, assignment_id):
                raise CaseClosed
            return str(answer.json()["niss"]) if answer.is_success else None

    async def _is_closed(self, http: httpx2.AsyncClient, assignment_id: str) -> bool:
        """Whether the list of cases says so. Raises ConnectionError if the case is not in it: later it is."""
        query: dict[str, str] = {"state": "all", "limit": "50"}
        while True:
            answer = await self._send(http, "GET", self._cases, params=query)
            if not answer.is_success:
                raise ConnectionError(f"Postigo answers {answer.status_code}: is the token that of the department?")
            page: dict[str, Any] = answer.json()
            for case in page["items"]:
                if case["assignment_id"] == assignment_id:
                    return bool(case["closed"])
            if "next" not in page:
                raise ConnectionError("the case is not in the list yet")
            query["cursor"] = page["next"]

    async def _send(self, http: httpx2.AsyncClient, method: str, url: str, **about: Any) -> httpx2.Response:
        try:
            answer = await http.request(method, url, **about)
        except httpx2.TransportError as error:
            raise ConnectionError(f"no answer from Postigo: {type(error).__name__}") from error
        if answer.status_code == HTTPStatus.FORBIDDEN and PROTECTED in answer.text:
            raise AuthorProtected
        if answer.status_code not in (HTTPStatus.OK, HTTPStatus.NOT_FOUND):
            raise ConnectionError(f"Postigo answers {answer.status_code}")
        return answer
