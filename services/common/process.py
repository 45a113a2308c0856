"""A Postigo process: an ASGI application whose lifespan carries the broker, and the probes every process serves.

An engine that is away at start leaves the process live, not ready, and trying again.
"""

import asyncio
import faulthandler
import os
import resource
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import Any, Final, Protocol

import structlog
import uvicorn
from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp
from uvicorn.config import STARTUP_FAILURE

from services.common.errors import Away
from services.common.garbage import collect_seldom
from services.common.messaging.publisher import Publisher
from services.common.messaging.subscription import Subscription
from services.common.settings import Settings
from services.common.telemetry import logging, metrics, tracing
from services.common.web.edge import Edge
from services.common.web.leaving import Server, is_leaving
from services.common.web.protocol import SURPLUS, Http

log = structlog.get_logger()

RETRY_EVERY: Final = 1.0
"""Seconds between two tries to reach an engine at start."""

LAG_EVERY: Final = 2.0

BLOCKED_AFTER: Final = 15.0
"""Seconds in which the event loop must come round; looking at the subscriptions takes up to ten of them."""

LEAVE_WITHIN: Final = 5.0
"""Seconds that a process with a consumer that hangs gets to end in order: what hangs will not, and others wait for it."""

DRAIN_WITHIN: Final = 60.0
"""The same with a producer that hangs: nobody waits for it, and requests that need none may end."""

OTHER_FILES: Final = 256
"""Open files of a process beside the connections that are made to it."""


class Loop(Protocol):
    """Background work that runs for as long as the process does."""

    async def run(self) -> None: ...


Step = Callable[[], Any]


@dataclass(slots=True)
class Process:
    """What one process starts, in order: `prepare` steps (indexes, buckets), the producer, the subscriptions, loops."""

    name: str
    publisher: Publisher | None = None
    prepare: Sequence[Step] = ()
    subscriptions: Sequence[Subscription] = ()
    loops: Sequence[Loop] = ()
    checks: Sequence[Callable[[], str | None]] = ()
    """More reasons not to be ready, for a process that has no subscription to tell."""
    close: Sequence[Step] = ()
    _starting: str | None = field(default="starting")
    _hung: bool = field(default=False)

    @asynccontextmanager
    async def lifespan(self, app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._stop)
            tasks = [asyncio.create_task(self._start()), asyncio.create_task(self._watch())]
            for task in tasks:
                task.add_done_callback(self._must_not_end)
            stack.push_async_callback(_cancel, tasks)
            yield

    def _must_not_end(self, task: asyncio.Task[None]) -> None:
        """A background task that fails leaves a process that only looks alive: end it, so that it is started again."""
        if not task.cancelled() and (error := task.exception()) is not None:
            log.critical("a background task ended", process=self.name, error=_kinds(error))
            os.kill(os.getpid(), signal.SIGTERM)

    async def _start(self) -> None:
        """Bring everything up, trying again while an engine is away; then run the loops."""
        steps = [*self.prepare, *([self.publisher.start] if self.publisher else [])]
        steps += [subscription.start for subscription in self.subscriptions]
        for step in steps:
            await self._until_done(step)
        self._starting = None
        log.info("ready to work", process=self.name)
        async with asyncio.TaskGroup() as group:
            for loop in self.loops:
                group.create_task(loop.run())

    async def _until_done(self, step: Step) -> None:
        while True:
            try:
                await step()
            except Away as away:
                self._starting = str(away)
                log.warning("waiting for an engine", process=self.name, because=str(away))
                await asyncio.sleep(RETRY_EVERY)
            else:
                return

    async def _watch(self) -> None:
        """Measure how far behind each subscription is, until one of them hangs, or the producer: then this process ends.

        A loop that does not come round here any more is blocked, and the process ends with a traceback of its threads.
        """
        while True:
            faulthandler.dump_traceback_later(BLOCKED_AFTER, exit=True)
            await asyncio.sleep(LAG_EVERY)
            running = [each for each in self.subscriptions if each.progress.running]
            _, producer_hangs = await asyncio.gather(self._look_at(running), self._producer_hangs())
            for subscription in running:
                metrics.LAG.labels(subscription.group).set(subscription.progress.lag)
            if hung := [each.group for each in running if each.progress.hung]:
                log.critical("a consumer hangs", process=self.name, groups=hung)
                self._end(LEAVE_WITHIN)
                return
            if producer_hangs:
                log.critical("a producer hangs", process=self.name)
                self._end(DRAIN_WITHIN)
                return

    def _end(self, within: float) -> None:
        """End in order, or after so many seconds at once. The supervisor starts the process again."""
        self._hung = True
        faulthandler.dump_traceback_later(within, exit=True)
        os.kill(os.getpid(), signal.SIGTERM)

    async def _producer_hangs(self) -> bool:
        return self.publisher is not None and await self.publisher.hangs()

    async def _look_at(self, running: Sequence[Subscription]) -> None:
        """A broker that answers nobody of us is an outage; one that answers others but not this consumer is not."""
        answered = await asyncio.gather(*(each.measure() for each in running))
        silent = [each for each, heard in zip(running, answered, strict=True) if not heard]
        there = bool(silent) and self.publisher is not None and await self.publisher.broker_answers()
        for subscription in silent:
            subscription.progress.heard_nothing(broker_there=there)

    async def _stop(self) -> None:
        if not self._hung:
            faulthandler.cancel_dump_traceback_later()
        # What hangs must not keep the others from ending in order.
        await asyncio.gather(*(each.stop() for each in self.subscriptions))
        if self.publisher:
            await self.publisher.stop()
        for step in self.close:
            closing = step()
            if isawaitable(closing):
                await closing

    def trouble(self) -> list[str]:
        """Why the process is not ready; empty when it makes progress."""
        found = [f"{each.group}: {each.progress.trouble}" for each in self.subscriptions if each.progress.trouble]
        found += [trouble for check in self.checks if (trouble := check())]
        return [self._starting] if self._starting else found

    async def live(self, request: Request) -> Response:
        return JSONResponse({"process": self.name, "live": True})

    async def ready(self, request: Request) -> Response:
        trouble = ["leaving"] if is_leaving(request.scope) else self.trouble()
        lag = {each.group: each.progress.lag for each in self.subscriptions}
        return JSONResponse(
            {"process": self.name, "ready": not trouble, "because": trouble, "lag": lag},
            status_code=503 if trouble else 200,
        )

    def app(self, **options: Any) -> FastAPI:
        """A FastAPI application with this process's lifespan and probes. `options` go to FastAPI.

        FastAPI's own spans are off: they carry the path, which names a request. `web.edge.Edge` makes ours.
        """
        telemetry: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}
        options = {"telemetry": telemetry, **options}
        app = _Bare(title=f"Postigo {self.name}", lifespan=self.lifespan, **options)
        app.add_route("/health/live", self.live, include_in_schema=False)
        app.add_route("/health/ready", self.ready, include_in_schema=False)
        app.add_route("/metrics", metrics.expose, include_in_schema=False)
        return app


class _Bare(FastAPI):
    """FastAPI without what it puts around our `Edge`: that answers what nobody caught, and the rest is switched off."""

    def build_middleware_stack(self) -> ASGIApp:
        whole = super().build_middleware_stack()
        layer: ASGIApp | None = whole
        while layer is not None and not isinstance(layer, Edge):
            layer = getattr(layer, "app", None)
        return layer or whole


def _kinds(error: BaseException) -> str:
    """The type of an error, or of those that a group of them holds."""
    if isinstance(error, BaseExceptionGroup):
        return ", ".join(map(_kinds, error.exceptions))
    return type(error).__name__


async def _cancel(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    # Gathered, not raised: uvicorn would print the text of an error that `_must_not_end` has logged without it.
    await asyncio.gather(*tasks, return_exceptions=True)


def serve(app: ASGIApp, settings: Settings, service: str, *, drain: float = 0) -> None:
    """Run `app` until SIGTERM, and `drain` seconds longer: for others to notice, where others send requests."""
    _allow_open_files(round(settings.http_connections * SURPLUS) + OTHER_FILES)
    logging.configure(service, settings.postigo_log_level)
    tracing.configure(service)
    collect_seldom()
    server = Server(uvicorn.Config(app, **listening(settings)), drain)
    server.run()
    if not server.started:
        sys.exit(STARTUP_FAILURE)


def _allow_open_files(wanted: int) -> None:
    """As many as the connections need, as far as the machine lets us: many systems begin with 1024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if resource.RLIM_INFINITY != soft < wanted:
        allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, allowed), hard))


def listening(settings: Settings) -> dict[str, Any]:
    """How uvicorn serves. The access log is off: it would carry references. An upgrade to a websocket is not taken up,
    as HTTP allows (RFC 9110, section 7.8): the request is answered like any other.
    """
    return {
        "host": settings.http_host,
        "port": settings.http_port,
        "loop": "uvloop",
        "http": Http,
        "limit_concurrency": settings.http_connections,
        "ws": "none",
        "proxy_headers": bool(settings.forwarded_allow_ips),
        "forwarded_allow_ips": settings.forwarded_allow_ips,
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "timeout_graceful_shutdown": 20,
        # Longer than clients and proxies keep an idle connection: they close it first, and never send into one that we close.
        "timeout_keep_alive": 75,
    }
