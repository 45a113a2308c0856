"""A Postigo process: an ASGI application whose lifespan carries the broker, and the probes every process serves.

An engine that is away at start leaves the process live, not ready, and trying again.
"""

import asyncio
import faulthandler
import os
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import Any, Final, Protocol

import structlog
from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.requests import Request
from starlette.responses import Response

from services.common.domain.errors import Unavailable
from services.common.messaging.consumer.subscription import Subscription
from services.common.messaging.producer.publisher import Publisher
from services.common.runtime.graceful_shutdown import is_draining
from services.common.telemetry import metrics

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

NO_TELEMETRY: Final[TelemetryConfig] = {"tracing": False, "metrics": False, "logs": False}


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
            except Unavailable as away:
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
            running = [each for each in self.subscriptions if each.health.running]
            _, producer_hangs = await asyncio.gather(self._look_at(running), self._producer_hangs())
            for subscription in running:
                metrics.LAG.labels(subscription.group).set(subscription.health.lag)
            if hung := [each.group for each in running if each.health.hung]:
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
            subscription.health.report_silence(broker_there=there)

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

    def not_ready_reasons(self) -> list[str]:
        """Why the process is not ready; empty when it makes progress."""
        found = [
            f"{each.group}: {each.health.not_ready_reason}"
            for each in self.subscriptions
            if each.health.not_ready_reason
        ]
        found += [not_ready_reasons for check in self.checks if (not_ready_reasons := check())]
        return [self._starting] if self._starting else found

    def app(self) -> FastAPI:
        """The internal application: this process's lifespan, `/health/*` and `/metrics`.

        FastAPI's own spans are off: they carry the path, which names a request. `RequestMiddleware` makes ours.
        """
        app = FastAPI(
            title=f"Postigo {self.name}",
            lifespan=self.lifespan,
            telemetry=NO_TELEMETRY,
            openapi_url=None,
            docs_url=None,
            redoc_url=None,
        )

        @app.get("/health/live")
        async def live() -> dict[str, Any]:
            return {"process": self.name, "live": True}

        @app.get("/health/ready")
        async def ready(request: Request, response: Response) -> dict[str, Any]:
            not_ready_reasons = ["draining"] if is_draining(request.scope) else self.not_ready_reasons()
            response.status_code = 503 if not_ready_reasons else 200
            lag = {each.group: each.health.lag for each in self.subscriptions}
            return {"process": self.name, "ready": not not_ready_reasons, "because": not_ready_reasons, "lag": lag}

        app.add_api_route("/metrics", metrics.expose, methods=["GET"])
        return app


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
