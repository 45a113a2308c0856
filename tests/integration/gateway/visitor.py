"""Somebody who reads the pages and sends their forms, with a session in a cookie."""

from dataclasses import dataclass
from typing import Final

import httpx2

from gateway.accounts.session_cookie import SESSION_COOKIE
from tests.integration.gateway.gateway_environment import Person
from tests.unit.gateway.html_page import Page

HIDDEN: Final = ("csrf", "conta", "chave", "ate")


@dataclass(frozen=True, slots=True)
class Visitor:
    """`http` is the gateway that the pages are read from."""

    http: httpx2.AsyncClient
    token: str

    async def get(self, path: str, **headers: str) -> httpx2.Response:
        return await self.http.get(path, headers=self._headers(**headers))

    async def send(self, path: str, fields: dict[str, str]) -> httpx2.Response:
        """Send a form with these fields as they are."""
        return await self.http.post(path, data=fields, headers=self._headers(), timeout=20)

    async def send_multipart(self, path: str, content: bytes) -> httpx2.Response:
        """Send a form with files as these bytes, whose boundary is `x`."""
        headers = self._headers(content_type="multipart/form-data; boundary=x")
        return await self.http.post(path, content=content, headers=headers, timeout=20)

    async def fill(self, page: str, path: str | None = None, **fields: str) -> httpx2.Response:
        """Send a form of the page, with its hidden fields. `path`: where it goes, if not to the page itself."""
        return await self.send(path or page, await self.hidden(page) | fields)

    async def hidden(self, page: str, *more: str) -> dict[str, str]:
        """The hidden fields of the page's forms that every form has, and `more` ones."""
        answer = await self.get(page)
        assert answer.status_code == 200, answer.text
        return hidden_fields(answer.text, *more)

    def _headers(self, **more: str) -> dict[str, str]:
        own = {"Accept": "text/html", "Cookie": f"{SESSION_COOKIE}={self.token}", "Sec-Fetch-Site": "same-origin"}
        return own | {name.replace("_", "-"): value for name, value in more.items()}


def hidden_fields(html: str, *more: str) -> dict[str, str]:
    """The hidden fields of the forms of a page that every form has, and `more` ones."""
    inputs = {each.get("name"): each.get("value") or "" for each in Page(html).attributes("input")}
    return {name: inputs[name] for name in (*HIDDEN, *more) if name in inputs}


def hidden_inputs(html: str) -> dict[str, str]:
    """All hidden fields of a page with one form."""
    inputs = (each for each in Page(html).attributes("input") if each.get("type") == "hidden")
    return {str(each["name"]): each["value"] or "" for each in inputs}


def visitor(person: Person, http: httpx2.AsyncClient | None = None) -> Visitor:
    return Visitor(http or person.http, person.token)
