"""A simple load balancer on loopback: it forwards each connection to a random ready replica."""

import asyncio
import random
from collections.abc import Mapping
from contextlib import suppress
from typing import Self

PROBE_EVERY = 0.2
"""Seconds between two readiness probes of a replica."""


class Balancer:
    """Forwards connections to 127.0.0.1:`port` to a ready one of `replicas` (port → port of its probe)."""

    def __init__(self, replicas: Mapping[int, int]) -> None:
        self._replicas = replicas
        self._ready: set[int] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        self._tasks = {asyncio.create_task(self._probe(replica)) for replica in self._replicas}
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _probe(self, replica: int) -> None:
        """A refused connection or a negative answer takes the replica out. No answer in time changes nothing: on a busy
        machine all replicas would be out.
        """
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(2):
                    ready = await _is_ready(self._replicas[replica])
                (self._ready.add if ready else self._ready.discard)(replica)
            await asyncio.sleep(PROBE_EVERY)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            for replica in random.sample(sorted(self._ready), len(self._ready)):
                with suppress(ConnectionError):
                    upstream, downstream = await asyncio.open_connection("127.0.0.1", replica)
                    await asyncio.gather(_pump(reader, downstream), _pump(upstream, writer))
                    return
        finally:
            self._tasks.discard(task)
            writer.close()


async def _is_ready(probe: int) -> bool:
    with suppress(OSError):
        reader, writer = await asyncio.open_connection("127.0.0.1", probe)
        try:
            writer.write(b"GET /health/ready HTTP/1.1\r\nHost: replica\r\nConnection: close\r\n\r\n")
            return (await reader.readline()).startswith(b"HTTP/1.1 200 ")
        finally:
            writer.close()
    return False


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while chunk := await reader.read(65_536):
            writer.write(chunk)
            await writer.drain()
    writer.close()
