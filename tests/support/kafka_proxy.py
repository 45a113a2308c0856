"""A proxy before a broker, which can keep records from it while it answers everything else."""

import asyncio
from typing import Final

from tests.support.proxy import Manners, Proxy

_PRODUCE: Final = (0).to_bytes(2, "big")
"""The number of the request that brings records, with which it begins."""


class KafkaProxy(Proxy):
    """Its clients are told its own address where the broker names the broker's, so that they never go past it."""

    def answered(self, chunk: bytes) -> bytes:
        ((host, port),) = self._targets
        named = host.encode()
        return chunk.replace(named + port.to_bytes(4, "big"), named + self.port.to_bytes(4, "big"))


class WithoutRecords:
    """What brings records never arrives, and is never answered."""

    async def next(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        size = await reader.readexactly(4)
        request = await reader.readexactly(int.from_bytes(size, "big"))
        return b"" if request.startswith(_PRODUCE) else size + request


NO_RECORDS: Final = Manners(wire=WithoutRecords())
