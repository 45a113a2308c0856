"""A Postigo process: an ASGI application whose lifespan runs the consumers and loops, with the probes of every process.

If an engine is unavailable at start, the process is live but not ready, and retries.
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
from services.common.http.methods import HeadAndOptions
from services.common.messaging.consumer.subscription import Subscription
from services.common.messaging.producer.publisher import Publisher
from services.common.runtime.graceful_shutdown import is_draining
from services.common.telemetry import metrics

log = structlog.get_logger()

RETRY_EVERY: Final = 1.0
"""Seconds between two tries to reach an engine at start."""

MEASURE_EVERY: Final = 2.0
"""Seconds between two measurements of lag and health."""

BLOCKED_AFTER: Final = 15.0
"""Seconds without a round of `_watch` after which the event loop counts as blocked. One round takes up to ten."""

HUNG_CONSUMER_STOP_TIMEOUT: Final = 5.0
"""Seconds for a clean stop of a process with a hung consumer. Short, because its partitions wait for a new process."""

HUNG_PRODUCER_STOP_TIMEOUT: Final = 60.0
"""Seconds for a clean stop of a process with a hung producer: requests that publish nothing can still be answered."""

NO_TELEMETRY: Final[TelemetryConfig] = {"tracing": False, "metrics": False, "logs": False}


class Loop(Protocol):
    """Background work that runs until the process stops."""

    async def run(self) -> None: ...


Step = Callable[[], Any]


@dataclass(slots=True)
class Process:
    """What one process starts, in this order: `prepare` steps (indexes, buckets), the producer, the subscriptions, the loops.

    `close` are the last steps of the shutdown.
    """

    name: str
    publisher: Publisher | None = None
    prepare: Sequence[Step] = ()
    subscriptions: Sequence[Subscription] = ()
    loops: Sequence[Loop] = ()
    checks: Sequence[Callable[[], str | None]] = ()
    """Additional readiness checks: each returns why the process is not ready, or None."""
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
        """End the process if a background task fails: it would look alive and do nothing. The supervisor starts it again."""
        if not task.cancelled() and (error := task.exception()) is not None:
            log.critical("a background task ended", process=self.name, error=_error_types(error))
            os.kill(os.getpid(), signal.SIGTERM)

    async def _start(self) -> None:
        """Run the start steps, each retried while an engine is unavailable; then run the loops."""
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
            except Unavailable as unavailable:
                self._starting = str(unavailable)
                log.warning("waiting for an engine", process=self.name, because=str(unavailable))
                await asyncio.sleep(RETRY_EVERY)
            else:
                return

    async def _watch(self) -> None:
        """Measure each subscription regularly. If one of them or the producer hangs, end the process.

        Each round restarts a `faulthandler` timer. If the event loop is blocked the timer expires, and the process ends
        with the tracebacks of its threads.
        """
        while True:
            faulthandler.dump_traceback_later(BLOCKED_AFTER, exit=True)
            await asyncio.sleep(MEASURE_EVERY)
            running = [each for each in self.subscriptions if each.health.running]
            _, producer_hangs = await asyncio.gather(self._measure(running), self._producer_hangs())
            for subscription in running:
                metrics.LAG.labels(subscription.group).set(subscription.health.lag)
            if hung := [each.group for each in running if each.health.hung]:
                log.critical("a consumer hangs", process=self.name, groups=hung)
                self._terminate(HUNG_CONSUMER_STOP_TIMEOUT)
                return
            if producer_hangs:
                log.critical("a producer hangs", process=self.name)
                self._terminate(HUNG_PRODUCER_STOP_TIMEOUT)
                return

    def _terminate(self, within: float) -> None:
        """Stop cleanly, or by force after `within` seconds. The supervisor starts the process again."""
        self._hung = True
        faulthandler.dump_traceback_later(within, exit=True)
        os.kill(os.getpid(), signal.SIGTERM)

    async def _producer_hangs(self) -> bool:
        return self.publisher is not None and await self.publisher.hangs()

    async def _measure(self, running: Sequence[Subscription]) -> None:
        """Measure all lags. If one cannot be measured, a new connection shows whether the broker is unavailable to all
        clients (an outage) or only to this consumer (it hangs).
        """
        measured = await asyncio.gather(*(each.measure() for each in running))
        unmeasured = [each for each, succeeded in zip(running, measured, strict=True) if not succeeded]
        broker_available = bool(unmeasured) and self.publisher is not None and await self.publisher.broker_answers()
        for subscription in unmeasured:
            subscription.health.report_unmeasured(broker_available=broker_available)

    async def _stop(self) -> None:
        if not self._hung:
            faulthandler.cancel_dump_traceback_later()
        # All at once: a hung subscription must not prevent the clean stop of the others.
        await asyncio.gather(*(each.stop() for each in self.subscriptions))
        if self.publisher:
            await self.publisher.stop()
        for step in self.close:
            closing = step()
            if isawaitable(closing):
                await closing

    def not_ready_reasons(self) -> list[str]:
        """Why the process is not ready; empty when it is."""
        if self._starting:
            return [self._starting]
        reasons = [(each.group, each.health.not_ready_reason) for each in self.subscriptions]
        return [
            *(f"{group}: {reason}" for group, reason in reasons if reason),
            *(reason for check in self.checks if (reason := check())),
        ]

    def app(self) -> FastAPI:
        """The internal application: this process's lifespan, `/health/*` and `/metrics`.

        FastAPI's own spans are off, because they contain the path, which names a request. `RequestMiddleware` creates
        ours.
        """
        app = FastAPI(
            title=f"Postigo {self.name}",
            lifespan=self.lifespan,
            telemetry=NO_TELEMETRY,
            openapi_url=None,
            docs_url=None,
            redoc_url=None,
        )

        app.add_middleware(HeadAndOptions)

        @app.get("/health/live")
        async def live() -> dict[str, Any]:
            return {"process": self.name, "live": True}

        @app.get("/health/ready")
        async def ready(request: Request, response: Response) -> dict[str, Any]:
            reasons = ["draining"] if is_draining(request.scope) else self.not_ready_reasons()
            response.status_code = 503 if reasons else 200
            lag = {each.group: each.health.lag for each in self.subscriptions}
            return {"process": self.name, "ready": not reasons, "because": reasons, "lag": lag}

        app.add_api_route("/metrics", metrics.expose, methods=["GET"])
        return app


def _error_types(error: BaseException) -> str:
    """The type of an error, or the types in an exception group."""
    if isinstance(error, BaseExceptionGroup):
        return ", ".join(map(_error_types, error.exceptions))
    return type(error).__name__


async def _cancel(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    # Errors are not raised again: uvicorn would print their text, which `_must_not_end` has left out of the log.
    await asyncio.gather(*tasks, return_exceptions=True)
