"""Ends the streams whose sessions have ended: at sign-out, at expiry, when idle, or with a new password."""

import asyncio
import time
from dataclasses import dataclass
from typing import Final

from gateway.accounts.session_checks import SessionChecks
from gateway.accounts.sessions import CACHE_SECONDS
from gateway.live.hub import End, Hub
from services.common.domain.errors import StoreUnavailable

CHECK_EVERY: Final = 3.0
"""Seconds between two checks of all sessions with open streams: a session that has ended has no stream after ten seconds."""


@dataclass(frozen=True, slots=True)
class SessionWatch:
    hub: Hub
    checks: SessionChecks

    async def run(self) -> None:
        while True:
            await asyncio.sleep(CHECK_EVERY)
            await self.round()

    async def round(self) -> None:
        """Check all sessions in one read. While the store is unavailable, a stream stays open as long as a cached session."""
        clients, started = self.hub.clients, time.monotonic()
        if not clients:
            return
        try:
            not_ended = await self.checks.not_ended({client.token_hash for client in clients})
        except StoreUnavailable:
            not_ended = set[str]()
            clients = [client for client in clients if started - client.confirmed_at > CACHE_SECONDS]
        for client in clients:
            if client.token_hash in not_ended:
                client.confirmed_at = started
            else:
                client.end(End.SESSION)
