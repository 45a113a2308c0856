"""Graceful shutdown: load balancers are told first, then the listener closes, so that no request meets a closed port."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from socket import socket
from typing import Final

import uvicorn
from starlette.types import Scope

DRAINING: Final = "postigo.draining"
"""A key in the server's state, which every request sees in its scope, set from SIGTERM on."""


def is_draining(scope: Scope) -> bool:
    return DRAINING in scope.get("state", {})


class DrainingServer(uvicorn.Server):
    """Serves for `drain` seconds after it is told to exit; only then does it close its listener.

    Meanwhile `is_draining` holds here and in the server `behind` it.
    """

    def __init__(self, config: uvicorn.Config, drain: float = 0.0, behind: "DrainingServer | None" = None) -> None:
        super().__init__(config)
        self._drain = drain
        self._behind = behind

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """`serve_until_signal` catches signals once for all servers of the process."""
        yield

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        self._begin_drain()
        if self._behind is not None:
            self._behind._begin_drain()
        await asyncio.sleep(self._drain)
        await super().shutdown(sockets)

    def _begin_drain(self) -> None:
        self.lifespan.state[DRAINING] = True


async def serve_until_signal(internal: DrainingServer, public: DrainingServer | None = None) -> signal.Signals | None:
    """Serve until SIGTERM or SIGINT; the signal, if one came. `internal` carries the lifespan: it ends after `public`
    has drained.
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
