"""A record with a header name that is not UTF-8, as a foreign client can write it: `python -m tests.support.undecodable`.

The library's fast encoder refuses such a name, its plain one does not: hence a process of its own.
"""

import asyncio
import json
import os
import sys
from dataclasses import dataclass
from uuid import UUID

from aiokafka import AIOKafkaProducer


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record lies."""

    partition: int
    offset: int


class Name(str):
    __slots__ = ()

    def encode(self, *_: str) -> bytes:
        return b"\xff\xfe"


async def append(url: str, topic: str, key: UUID) -> Place:
    """Append the record; where it lies."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", __name__, url, topic, str(key)),
        env=os.environ | {"AIOKAFKA_NO_EXTENSIONS": "1"},
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    return Place(**json.loads(said))


async def _append(url: str, topic: str, key: str) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=url)
    await producer.start()
    try:
        sent = await producer.send_and_wait(topic, b"{}", key=key.encode(), headers=[(Name("name"), b"")])
        print(json.dumps({"partition": sent.partition, "offset": sent.offset}))
    finally:
        await producer.stop()


if __name__ == "__main__":
    asyncio.run(_append(*sys.argv[1:]))
