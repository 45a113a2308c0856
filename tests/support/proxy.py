"""A TCP proxy on loopback whose manners a test can change: an engine goes away, or behaves badly, without being harmed."""

import asyncio
import itertools
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol, Self

CHUNK = 65_536

TICK = 0.02

ENDED_WITHIN = 5.0
"""Seconds that connections have to end once they are closed."""


class Wire(Protocol):
    """A protocol known well enough to answer in the engine's place.

    Reads what a client asks, answers what is to be answered with an error, and returns the bytes to pass on, if any.
    Raises `asyncio.IncompleteReadError` at the end.
    """

    async def next(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Manners:
    """How the proxy treats what passes.

    `cut`: connections are closed at once. `latency`: seconds by which every answer is late. `deaf`: what is asked
    arrives, and no answer comes back. `wire`: asked and answered in that protocol, instead of just passed on.
    """

    cut: bool = False
    latency: float = 0.0
    deaf: bool = False
    wire: Wire | None = None


GOOD = Manners()
CUT = Manners(cut=True)


class Proxy:
    """Forwards 127.0.0.1:`port` to `targets` in turn (host:port, a URL's beginning may stand before it).

    Of several targets, one that refuses a connection is passed over. `pace` is bytes a second in either direction, on
    each connection; None for as fast as it goes, 0 for not at all.
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
            # What is closed ends by itself; a cancelled one would be reported as an error of the server's.
            await asyncio.wait(self._tasks, timeout=ENDED_WITHIN)

    def behave(self, manners: Manners) -> None:
        """From now on like this. Where a connection cannot go over to it, its client has to make another."""
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
        """What a client gets for these bytes of an answer."""
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
                await self._between(reader, writer)
        finally:
            self._tasks.discard(task)
            self._writers.discard(writer)
            writer.close()

    async def _between(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream, downstream = await self._connected()
        self._writers.add(downstream)
        try:
            await asyncio.gather(self._ask(reader, downstream, writer), self._answer(upstream, writer))
        finally:
            self._writers.discard(downstream)
            downstream.close()

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to the next target that takes one. Raises `OSError` when none does."""
        for _ in self._targets[1:]:
            with suppress(OSError):
                return await asyncio.open_connection(*self._targets[next(self._turns)])
        return await asyncio.open_connection(*self._targets[next(self._turns)])

    async def _ask(
        self, reader: asyncio.StreamReader, downstream: asyncio.StreamWriter, writer: asyncio.StreamWriter
    ) -> None:
        try:
            while True:
                wire = self.manners.wire
                asked = await wire.next(reader, writer) if wire else await reader.read(CHUNK)
                if not asked and wire is None:
                    return
                await self._wait(len(asked))
                downstream.write(asked)
                await downstream.drain()
        finally:
            downstream.close()

    async def _answer(self, upstream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
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
        """Until so many bytes are due."""
        waited = 0.0
        while self.pace is not None and waited * self.pace < size:
            await asyncio.sleep(TICK)
            waited += TICK


def _address(target: str) -> tuple[str, int]:
    host, _, port = target.rpartition("//")[2].rstrip("/").rpartition(":")
    return host, int(port)
