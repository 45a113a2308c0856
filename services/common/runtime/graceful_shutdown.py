"""Graceful shutdown: readiness fails first, and the listener closes later.

Load balancers have stopped sending requests by then, so that no request gets a closed port.
"""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from socket import socket
from typing import Final

import uvicorn
from starlette.types import Scope

DRAINING: Final = "postigo.draining"
"""A key of the server's state, of which each request has a copy in its scope: a future that is done from SIGTERM on."""


def is_draining(scope: Scope) -> bool:
    """Whether the process has received SIGTERM and will close its listener."""
    start = drain_start(scope)
    return start is not None and start.done()


def drain_start(scope: Scope) -> asyncio.Future[None] | None:
    """Done when the process receives SIGTERM: a response without an end ends then. None under another server."""
    start: asyncio.Future[None] | None = scope.get("state", {}).get(DRAINING)
    return start


class DrainingServer(uvicorn.Server):
    """Goes on serving for `drain` seconds after SIGTERM, and closes its listener only then.

    During this time `is_draining` is true for its requests, and those of its `internal` server.
    """

    def __init__(self, config: uvicorn.Config, drain: float = 0.0, internal: "DrainingServer | None" = None) -> None:
        super().__init__(config)
        self._drain = drain
        self._internal = internal

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Replaced: `serve_until_signal` handles signals once for all servers of the process."""
        yield

    async def startup(self, sockets: list[socket] | None = None) -> None:
        self.lifespan.state[DRAINING] = asyncio.get_running_loop().create_future()
        await super().startup(sockets)

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        self._start_draining()
        if self._internal is not None:
            self._internal._start_draining()
        await asyncio.sleep(self._drain)
        await super().shutdown(sockets)

    def _start_draining(self) -> None:
        start: asyncio.Future[None] = self.lifespan.state[DRAINING]
        if not start.done():
            start.set_result(None)


async def serve_until_signal(internal: DrainingServer, public: DrainingServer | None = None) -> signal.Signals | None:
    """Serve until SIGTERM or SIGINT. Returns the first signal received, if any.

    `internal` runs the lifespan, so it stops after `public` has drained.
    """
    loop = asyncio.get_running_loop()
    first = public or internal
    received: list[signal.Signals] = []

    def exit_on(number: signal.Signals) -> None:
        received.append(number)
        first.handle_exit(number, None)
        internal.force_exit = first.force_exit

    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, exit_on, each)
    serving = asyncio.create_task(internal.serve())
    if public is not None:
        serving.add_done_callback(lambda _: setattr(public, "should_exit", True))
        await public.serve()
        internal.should_exit = True
    await serving
    return received[0] if received else None
