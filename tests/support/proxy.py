"""A TCP proxy on loopback that a test can cut, slow down and mend: an engine goes away without being harmed."""

import asyncio
from contextlib import suppress
from typing import Self

TICK = 0.02


class Proxy:
    """Forwards 127.0.0.1:`port` to `target`; while cut, connections are closed at once. `pace` is bytes a second, all
    connections together; None for as fast as it goes, 0 for not at all.
    """

    def __init__(self, target: str) -> None:
        host, _, port = target.rpartition(":")
        self._target = (host, int(port))
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.is_cut = False
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
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        self.is_cut = True
        for writer in list(self._writers):
            writer.close()

    def mend(self) -> None:
        self.is_cut, self.pace = False, None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_cut:
            writer.close()
            return
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            upstream, downstream = await asyncio.open_connection(*self._target)
            self._writers |= {writer, downstream}
            await asyncio.gather(self._pump(reader, downstream), self._pump(upstream, writer))
        finally:
            self._tasks.discard(task)
            for each in (writer, downstream):
                self._writers.discard(each)
                each.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while chunk := await reader.read(65_536):
                await self._wait(len(chunk))
                writer.write(chunk)
                await writer.drain()
        writer.close()

    async def _wait(self, size: int) -> None:
        """Until so many bytes are due."""
        waited = 0.0
        while self.pace is not None and waited * self.pace < size:
            await asyncio.sleep(TICK)
            waited += TICK
