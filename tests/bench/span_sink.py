"""A trace collector that discards spans, so that our processes pay the usual price of exporting them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


class _DiscardSpans(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@asynccontextmanager
async def span_sink() -> AsyncIterator[dict[str, str]]:
    """Run the collector; yield the variables that make a process send 10 % of its traces to it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _DiscardSpans)
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
