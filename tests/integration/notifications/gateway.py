"""The gateway's side of the internal call, over real HTTP: who recipients are, told to whoever signs rightly."""

import asyncio
import json
from contextlib import suppress
from typing import Any, Self
from uuid import UUID

from services.common.http import signing

_STATUS = {200: "OK", 403: "Forbidden", 404: "Not Found", 503: "Service Unavailable"}


class Gateway:
    """Knows `people` by account id. `purposes` lists what it was asked for, in `calls` calls; while `is_away` it answers 503.

    `on_the_way`: bytes of a signed response, and others that take their place on the way.
    """

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self.people: dict[UUID, dict[str, Any]] = {}
        self.purposes: list[str] = []
        self.calls = 0
        self.is_away = False
        self.on_the_way = (b"", b"")
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for writer in list(self._open):
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
                method, target, _ = head[0].split(" ")
                headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                status, told = self._answer(method, target, headers, body)
                content = json.dumps(told).encode()
                call = headers.get("postigo-signature", "")
                signature = signing.sign_response(self._secret, call, status, content)
                fields = f"content-length: {len(content)}\r\npostigo-signature: {signature}\r\n"
                start = f"HTTP/1.1 {status} {_STATUS[status]}\r\n{fields}\r\n"
                writer.write(start.encode() + (content.replace(*self.on_the_way) if any(self.on_the_way) else content))
                await writer.drain()
        self._open.discard(writer)
        writer.close()

    def _answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, Any]]:
        try:
            signing.verify(self._secret, method, target, headers, body)
        except signing.SignatureRefused:
            return 403, {}
        if self.is_away:
            return 503, {}
        if target != "/internal/recipients":
            return 404, {}
        asked = json.loads(body)["asked"]
        self.calls += 1
        self.purposes += [each["purpose"] for each in asked]
        return 200, {"recipients": [self.people.get(UUID(each["account_id"])) for each in asked]}
