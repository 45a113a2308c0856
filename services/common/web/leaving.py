"""Leaving politely: whoever shares out the requests among us is told first, and nobody's request meets a closed door."""

import asyncio
from socket import socket
from typing import Final

import uvicorn
from starlette.types import Scope

LEAVING: Final = "postigo.leaving"
"""Set in the server's state, which every request sees, from SIGTERM on."""


def is_leaving(scope: Scope) -> bool:
    return LEAVING in scope.get("state", {})


class Server(uvicorn.Server):
    """For `drain` seconds after SIGTERM it is served as before, but readiness is red, and each answer closes its
    connection: the next request goes to somebody else. Only then is nobody let in any more.
    """

    def __init__(self, config: uvicorn.Config, drain: float) -> None:
        super().__init__(config)
        self._drain = drain

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        self.lifespan.state[LEAVING] = True
        await asyncio.sleep(self._drain)
        await super().shutdown(sockets)
