"""A proxy in front of a broker that can drop produce requests and forward everything else."""

import asyncio
from typing import Final

from tests.support.proxy import Manners, Proxy

_PRODUCE: Final = (0).to_bytes(2, "big")
"""The API key of produce requests, their first two bytes."""


class KafkaProxy(Proxy):
    """Replaces the broker's address by its own in responses, so that clients never bypass it."""

    def answered(self, chunk: bytes) -> bytes:
        ((host, port),) = self._targets
        name = host.encode()
        return chunk.replace(name + port.to_bytes(4, "big"), name + self.port.to_bytes(4, "big"))


class WithoutRecords:
    """Drops produce requests; they get no response."""

    async def next(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        size = await reader.readexactly(4)
        request = await reader.readexactly(int.from_bytes(size, "big"))
        return b"" if request.startswith(_PRODUCE) else size + request


NO_RECORDS: Final = Manners(wire=WithoutRecords())
