"""Where strangers reach the gateway: through nginx on the real engines, straight on the embedded ones."""

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

PER_SOURCE: Final = 450
"""Connections of one source at once: more than the crowd of any test, and few enough to open in time."""


@dataclass(frozen=True, slots=True)
class Front:
    """`tls` is the client's side of it; None without a proxy."""

    port: int
    tls: ssl.SSLContext | None = None

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://localhost:{self.port}"

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("localhost", self.port, ssl=self.tls)

    async def send(self, *parts: bytes, hang_up: bool = False) -> bytes:
        """What is answered to bytes sent as they are, until the other side closes or has sent 64 KiB; nothing when it resets."""
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
async def front(stack: LocalStack) -> AsyncIterator[Front]:
    if stacks.TIER != REAL:
        yield Front(stack.port("gateway"))
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
    made = Front(stack.port("proxy"), tls)
    ports = ["--port", str(made.port), "--http-port", str(stack.port("proxy-plain"))]
    upstream = f"127.0.0.1:{stack.port('gateway')}"
    options = ["--upstream", upstream, "--data", str(data), "--connections-per-source", str(PER_SOURCE)]
    command = [sys.executable, "-m", "deploy.local.engines.nginx", *ports, *options]

    async def answers() -> None:
        _, writer = await made.connect()
        writer.close()

    await stack.start_program("proxy", command, ready=answers)
    try:
        yield made
    finally:
        await stack.stop("proxy")
