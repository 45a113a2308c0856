"""A TCP proxy on loopback whose behaviour a test can change: an engine seems unavailable or faulty while it runs on."""

import asyncio
import itertools
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol, Self

CHUNK = 65_536

TICK = 0.02

CLOSED_WITHIN = 5.0
"""Seconds that closed connections have to end."""


class Wire(Protocol):
    """A protocol that the proxy understands, so that it can respond instead of the engine.

    Reads one request, responds itself if the request must fail, and returns the bytes to forward (empty for none).
    Raises `asyncio.IncompleteReadError` at the end of the connection.
    """

    async def next(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Manners:
    """How the proxy treats connections.

    `cut`: it closes them at once. `latency`: it delays every response by these seconds. `deaf`: it forwards requests and drops
    responses. `wire`: it parses requests in that protocol instead of forwarding bytes.
    """

    cut: bool = False
    latency: float = 0.0
    deaf: bool = False
    wire: Wire | None = None


GOOD = Manners()
CUT = Manners(cut=True)


class Proxy:
    """Forwards 127.0.0.1:`port` to `targets` in turn (host:port or a URL).

    It skips a target that refuses a connection if there is another. `pace` limits the bytes per second in each direction of each
    connection: None for no limit, 0 for none at all.
    """

    def __init__(self, *targets: str) -> None:
        self._targets = [_address(target) for target in targets]
        self._turns = itertools.cycle(range(len(targets)))
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.manners = GOOD
        self.pace: int | None = None
        self.port = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        if self._tasks:
            # Closed connections end by themselves; asyncio would report a cancelled one as an error of the server.
            await asyncio.wait(self._tasks, timeout=CLOSED_WITHIN)

    def behave(self, manners: Manners) -> None:
        """Behave like this from now on. Connections that cannot change their behaviour are closed."""
        before, self.manners = self.manners, manners
        if manners.cut or manners.wire is not before.wire or (before.deaf and not manners.deaf):
            for writer in list(self._writers):
                writer.close()

    def cut(self) -> None:
        self.behave(CUT)

    def mend(self) -> None:
        self.pace = None
        self.behave(GOOD)

    def answered(self, chunk: bytes) -> bytes:
        """The bytes that a client gets for `chunk` of a response."""
        return chunk

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.manners.cut:
            writer.close()
            return
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                await self._forward(reader, writer)
        finally:
            self._tasks.discard(task)
            self._writers.discard(writer)
            writer.close()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream, downstream = await self._connect()
        self._writers.add(downstream)
        try:
            await asyncio.gather(
                self._forward_requests(reader, downstream, writer), self._forward_responses(upstream, writer)
            )
        finally:
            self._writers.discard(downstream)
            downstream.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to the next target that accepts one. Raises `OSError` if none does."""
        for _ in self._targets[1:]:
            with suppress(OSError):
                return await asyncio.open_connection(*self._targets[next(self._turns)])
        return await asyncio.open_connection(*self._targets[next(self._turns)])

    async def _forward_requests(
        self, reader: asyncio.StreamReader, downstream: asyncio.StreamWriter, writer: asyncio.StreamWriter
    ) -> None:
        try:
            while True:
                wire = self.manners.wire
                chunk = await wire.next(reader, writer) if wire else await reader.read(CHUNK)
                if not chunk and wire is None:
                    return
                await self._wait(len(chunk))
                downstream.write(chunk)
                await downstream.drain()
        finally:
            downstream.close()

    async def _forward_responses(self, upstream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while chunk := await upstream.read(CHUNK):
                if self.manners.latency:
                    await asyncio.sleep(self.manners.latency)
                if not self.manners.deaf:
                    await self._wait(len(chunk))
                    writer.write(self.answered(chunk))
                    await writer.drain()
        finally:
            writer.close()

    async def _wait(self, size: int) -> None:
        """Wait until `pace` allows `size` more bytes."""
        waited = 0.0
        while self.pace is not None and waited * self.pace < size:
            await asyncio.sleep(TICK)
            waited += TICK


def _address(target: str) -> tuple[str, int]:
    host, _, port = target.rpartition("//")[2].rstrip("/").rpartition(":")
    return host, int(port)
