"""The HTTP servers of a process: one for probes and internal calls, sometimes a public one."""

import asyncio
import resource
import signal
import sys
from typing import Any, Final

import uvicorn
from starlette.types import ASGIApp
from uvicorn.config import STARTUP_FAILURE

from services.common.runtime.garbage_collection import freeze_and_collect_rarely
from services.common.runtime.graceful_shutdown import DrainingServer, serve_until_signal
from services.common.runtime.settings import PublicListener, Settings
from services.common.telemetry import logging, tracing

OPEN_FILES: Final = 16_384
"""Maximum open sockets and files. Many systems set 1024."""

_COMMON: Final[dict[str, Any]] = {
    "loop": "uvloop",
    "http": "httptools",
    "ws": "none",
    "log_config": None,
    # The access log would contain references of requests.
    "access_log": False,
    "server_header": False,
    "timeout_graceful_shutdown": 20,
    # Longer than clients and proxies keep idle connections: they close first, and never send on a closing connection.
    "timeout_keep_alive": 75,
}


def internal_config(app: ASGIApp, settings: Settings) -> uvicorn.Config:
    """The listener for probes, metrics and internal calls. It must not be reachable from outside."""
    return uvicorn.Config(app, host=settings.internal_host, port=settings.internal_port, lifespan="on", **_COMMON)


def public_config(app: ASGIApp, settings: PublicListener) -> uvicorn.Config:
    """The listener behind the TLS proxy. The proxy limits header sizes, slow clients and connections per address."""
    return uvicorn.Config(
        app,
        host=settings.http_host,
        port=settings.http_port,
        lifespan="off",
        proxy_headers=bool(settings.forwarded_allow_ips),
        forwarded_allow_ips=settings.forwarded_allow_ips,
        **_COMMON,
    )


def serve(service: str, settings: Settings, internal: ASGIApp, *, drain: float = 0.0) -> None:
    """Run a process with only an internal listener, until `drain` seconds after SIGTERM."""
    _run(service, settings, DrainingServer(internal_config(internal, settings), drain))


def serve_with_public(service: str, settings: PublicListener, internal: ASGIApp, public: ASGIApp) -> None:
    """Run a process that also has a public listener. Both share one event loop and the lifespan of `internal`."""
    internal_server = DrainingServer(internal_config(internal, settings))
    public_server = DrainingServer(public_config(public, settings), settings.http_drain, internal_server)
    _run(service, settings, internal_server, public_server)


def _run(service: str, settings: Settings, internal: DrainingServer, public: DrainingServer | None = None) -> None:
    _allow_open_files()
    logging.configure(service, settings.postigo_log_level)
    tracing.configure(service)
    freeze_and_collect_rarely()
    with asyncio.Runner(loop_factory=internal.config.get_loop_factory()) as runner:
        received = runner.run(serve_until_signal(internal, public))
    if not (internal.started and (public is None or public.started)):
        sys.exit(STARTUP_FAILURE)
    if received is not None:
        # End by the same signal, so that the parent process sees it.
        signal.signal(received, signal.SIG_DFL)
        signal.raise_signal(received)


def _allow_open_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if resource.RLIM_INFINITY != soft < OPEN_FILES:
        wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
