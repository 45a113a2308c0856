"""A collector that takes spans and forgets them, so that exporting costs our processes what it would cost anywhere."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


class _Taken(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@asynccontextmanager
async def sink() -> AsyncIterator[dict[str, str]]:
    """The variables that make a process send 10 % of its traces here."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Taken)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield {
            "OTEL_TRACES_EXPORTER": "otlp",
            "OTEL_TRACES_SAMPLER_ARG": "0.1",
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{server.server_port}",
        }
    finally:
        await asyncio.to_thread(server.shutdown)
        server.server_close()
