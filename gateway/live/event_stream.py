"""The response of a stream: events as they come, heartbeats, and an end in each of the ways that a stream can end."""

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.live import frames
from gateway.live.feeds import GAP_SECONDS, Feed
from gateway.live.hub import Client, End, Hub
from gateway.live.schemas import Reload
from services.common.catalogue import Language
from services.common.runtime.graceful_shutdown import drain_start
from services.common.telemetry.metrics import STREAMS, STREAMS_ENDED


@dataclass(frozen=True, slots=True)
class Timing:
    """In seconds: between two heartbeats; a stream's longest life, which is shortened at random so that not all end together;
    until a client that reads nothing is disconnected; until a gap is given up.
    """

    heartbeat: float = 15.0
    longest: float = 1_800.0
    send: float = 10.0
    gap: float = GAP_SECONDS


HEADERS: Final = {
    "Cache-Control": "no-store",
    "Vary": "Accept-Language, Authorization, Cookie",
    # For proxies whose configuration does not switch their buffers off.
    "X-Accel-Buffering": "no",
}


class EventStream(Response):
    media_type = "text/event-stream"

    def __init__(self, feed: Feed, client: Client, hub: Hub, timing: Timing, language: Language) -> None:
        self._events = _events(feed, client, hub, timing)
        self._client = client
        self._send_within = timing.send
        self.status_code = 200
        self.background = None
        self.init_headers({**HEADERS, "Content-Language": language})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = self._client
        gone = asyncio.create_task(_disconnected(receive))
        gone.add_done_callback(lambda _: client.end(End.GONE))
        draining = drain_start(scope)

        def on_drain(_: object) -> None:
            client.end(End.DRAINING)

        if draining is not None:
            draining.add_done_callback(on_drain)
        STREAMS.inc()
        try:
            await self._stream(send)
        except TimeoutError:
            client.end(End.SLOW)
        finally:
            STREAMS.dec()
            gone.cancel()
            if draining is not None:
                draining.remove_done_callback(on_drain)
            STREAMS_ENDED.labels(client.ended or End.GONE).inc()

    async def _stream(self, send: Send) -> None:
        """Raises `TimeoutError` if the client reads nothing. uvicorn then closes the connection."""
        async with aclosing(self._events) as events:
            async with asyncio.timeout(self._send_within):
                await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            async for event in events:
                async with asyncio.timeout(self._send_within):
                    await send({"type": "http.response.body", "body": event, "more_body": True})
            async with asyncio.timeout(self._send_within):
                await send({"type": "http.response.body", "body": b""})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _events(feed: Feed, client: Client, hub: Hub, timing: Timing) -> AsyncGenerator[bytes, None]:
    loop = asyncio.get_running_loop()
    ends_at = loop.time() + timing.longest * random.uniform(0.9, 1.0)
    told_delayed, told_losses = False, hub.losses
    yield frames.opening(feed.event_id)
    while client.ended is None:
        events = await feed.take()
        if hub.is_delayed != told_delayed:
            told_delayed = hub.is_delayed
            events.append(frames.delayed(told_delayed))
        if hub.losses != told_losses:
            told_losses = hub.losses
            events.append(frames.reload(Reload(because="lost"), feed.event_id))
        if new := b"".join(events):
            yield new
        left = ends_at - loop.time()
        if left <= 0:
            client.end(End.AGE)
        elif not await client.wait(min(timing.heartbeat, left)):
            yield frames.heartbeat(feed.event_id)
