"""HTTP callers that cost little themselves: bytes prepared beforehand, one answer after the other on each connection."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack
from typing import Any, Self
from urllib.parse import urlsplit


class Caller(asyncio.Protocol):
    """One connection that is kept. Only answers with a `Content-Length` are understood."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport
        self._received = b""
        self._answered: asyncio.Future[int] | None = None
        self.retry_after: int | None = None
        """What the last answer said of it."""

    @classmethod
    async def to(cls, url: str) -> Self:
        host, _, port = urlsplit(url).netloc.partition(":")
        _, caller = await asyncio.get_running_loop().create_connection(cls, host, int(port))
        return caller

    async def ask(self, request: bytes) -> int:
        """Send a whole request; the status of its answer."""
        self._answered = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answered

    def close(self) -> None:
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        if found and len(body) >= (_number(head, b"content-length:") or 0) and self._answered:
            self._received = b""
            self.retry_after = _number(head, b"retry-after:")
            self._answered.set_result(int(head[9:12]))

    def connection_lost(self, error: Exception | None) -> None:
        if self._answered and not self._answered.done():
            self._answered.set_exception(ConnectionError("the server closed the connection"))


def _number(head: bytes, name: bytes) -> int | None:
    _, found, after = head.lower().partition(b"\r\n" + name)
    return int(after.partition(b"\r\n")[0]) if found else None


async def crowd(url: str, requests: Iterator[bytes], count: int, callers: int, *, expected: int = 201) -> list[float]:
    """`count` requests from `callers` at once, each asking again as soon as it is answered; the seconds each took."""
    took: list[float] = []
    tickets = iter(range(count))

    async def call(caller: Caller) -> None:
        for _ in tickets:
            request = next(requests)
            begin = time.perf_counter()
            status = await caller.ask(request)
            took.append(time.perf_counter() - begin)
            if status != expected:
                raise AssertionError(f"{url} answered {status}, not {expected}")

    await together(url, callers, call)
    return took


async def together(url: str, callers: int, call: Callable[[Caller], Coroutine[Any, Any, None]]) -> None:
    """As many connections, each of which does `call` at the same time as the others."""
    async with AsyncExitStack() as stack:
        connections = [await Caller.to(url) for _ in range(callers)]
        for each in connections:
            stack.callback(each.close)
        async with asyncio.TaskGroup() as group:
            for each in connections:
                group.create_task(call(each))
