"""The public endpoint of the gateway: behind nginx in the real tier, without a proxy in the embedded tier."""

import asyncio
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import trustme

from deploy.local import LocalStack
from deploy.local.tier import REAL
from tests.support import stacks

CONNECTIONS_PER_SOURCE: Final = 450
"""Concurrent connections of one source: more than any other test opens, and few enough to open in time."""


@dataclass(frozen=True, slots=True)
class PublicEndpoint:
    """`tls` is the client's TLS context; None without a proxy."""

    port: int
    tls: ssl.SSLContext | None = None

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://localhost:{self.port}"

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("localhost", self.port, ssl=self.tls)

    async def exchange(self, request: bytes) -> tuple[bytes, bytes]:
        """Send a request with `Connection: close`. Returns the head and the body of the response."""
        reader, writer = await self.connect()
        writer.write(request)
        async with asyncio.timeout(20):
            head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
        return head, body

    async def send(self, *parts: bytes, hang_up: bool = False) -> bytes:
        """Send raw bytes. Returns the answer until the server closes or has sent 64 KiB; empty if it resets."""
        reader, writer = await self.connect()
        for part in parts:
            writer.write(part)
            await writer.drain()
        if hang_up:
            writer.close()
            return b""
        async with asyncio.timeout(20):
            try:
                return await reader.read(64 * 1024)
            except ConnectionResetError:
                return b""
            finally:
                writer.close()


@asynccontextmanager
async def public_endpoint(stack: LocalStack) -> AsyncIterator[PublicEndpoint]:
    if stacks.TIER != REAL:
        yield PublicEndpoint(stack.port("gateway"))
        return
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost")
    data = stack.home.data / "nginx"
    data.mkdir()
    certificate.private_key_pem.write_to_path(str(data / "privkey.pem"))
    for pem in certificate.cert_chain_pems:
        pem.write_to_path(str(data / "fullchain.pem"), append=True)
    tls = ssl.create_default_context()
    authority.configure_trust(tls)
    endpoint = PublicEndpoint(stack.port("proxy"), tls)
    ports = ["--port", str(endpoint.port), "--http-port", str(stack.port("proxy-plain"))]
    upstream = f"127.0.0.1:{stack.port('gateway')}"
    options = ["--upstream", upstream, "--data", str(data), "--connections-per-source", str(CONNECTIONS_PER_SOURCE)]
    command = [sys.executable, "-m", "deploy.local.engines.nginx", *ports, *options]

    async def answers() -> None:
        _, writer = await endpoint.connect()
        writer.close()

    await stack.start_program("proxy", command, ready=answers)
    try:
        yield endpoint
    finally:
        await stack.stop("proxy")
