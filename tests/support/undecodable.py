"""A batch with a record in it that has a header name which is not UTF-8, as a foreign client can write it:
`python -m tests.support.undecodable`.

The library's fast encoder refuses such a name, its plain one does not: hence a process of its own. Not compressed: the
broker would write a compressed batch anew, with other names.
"""

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from aiokafka import AIOKafkaProducer

Entry = tuple[bytes, Sequence[tuple[str, bytes]]]
"""The value and the headers of a record."""

VALUE = b"{}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record lies."""

    partition: int
    offset: int


class Name(str):
    __slots__ = ()

    def encode(self, *_: str) -> bytes:
        return b"\xff\xfe"


async def append(url: str, topic: str, key: UUID, *behind: Entry) -> Place:
    """Append the record, and those `behind` it in the same batch; where it lies."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", __name__, url, topic, str(key)),
        env=os.environ | {"AIOKAFKA_NO_EXTENSIONS": "1"},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    others = [[value.decode(), [[name, text.decode()] for name, text in headers]] for value, headers in behind]
    said, _ = await process.communicate(json.dumps(others).encode())
    return Place(**json.loads(said))


async def _append(url: str, topic: str, key: str) -> None:
    behind = json.load(sys.stdin)
    producer = AIOKafkaProducer(bootstrap_servers=url)
    await producer.start()
    try:
        batch = producer.create_batch()
        batch.append(key=key.encode(), value=VALUE, timestamp=None, headers=[(Name("name"), b"text")])
        for value, headers in behind:
            names = [(name, text.encode()) for name, text in headers]
            batch.append(key=key.encode(), value=value.encode(), timestamp=None, headers=names)
        await producer.partitions_for(topic)
        partition = producer._partition(topic, None, None, None, key.encode(), b"")
        sent = await (await producer.send_batch(batch, topic, partition=partition))
        print(json.dumps({"partition": partition, "offset": sent.offset}))
    finally:
        await producer.stop()


if __name__ == "__main__":
    asyncio.run(_append(*sys.argv[1:]))
