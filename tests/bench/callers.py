"""HTTP clients that need little processor time: requests are prepared bytes, one at a time on each connection."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack
from typing import Any, Self
from urllib.parse import urlsplit


class Caller(asyncio.Protocol):
    """One keep-alive connection. Reads only responses with a `Content-Length`."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport
        self._received = b""
        self._answered: asyncio.Future[int] | None = None
        self.retry_after: int | None = None
        """The header of the last response."""

    @classmethod
    async def to(cls, url: str) -> Self:
        host, _, port = urlsplit(url).netloc.partition(":")
        _, caller = await asyncio.get_running_loop().create_connection(cls, host, int(port))
        return caller

    async def ask(self, request: bytes) -> int:
        """Send a whole request and return the status of its response. Raises `ConnectionError` if the server hangs up."""
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


async def send_all(
    url: str, requests: Iterator[bytes], count: int, callers: int, *, expected: int = 201
) -> list[float]:
    """Send `count` requests from `callers` concurrent clients, each one after another; return the seconds of each.

    Raises `AssertionError` for another status than `expected`.
    """
    took: list[float] = []
    tickets = iter(range(count))

    async def call(caller: Caller) -> None:
        for _ in tickets:
            request = next(requests)
            start = time.perf_counter()
            status = await caller.ask(request)
            took.append(time.perf_counter() - start)
            if status != expected:
                raise AssertionError(f"{url} answered {status}, not {expected}")

    await run_concurrently(url, callers, call)
    return took


async def run_concurrently(url: str, callers: int, call: Callable[[Caller], Coroutine[Any, Any, None]]) -> None:
    """Run `call` concurrently on each of `callers` connections."""
    async with AsyncExitStack() as stack:
        connections = [await Caller.to(url) for _ in range(callers)]
        for each in connections:
            stack.callback(each.close)
        async with asyncio.TaskGroup() as group:
            for each in connections:
                group.create_task(call(each))
