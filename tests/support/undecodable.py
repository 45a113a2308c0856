"""Appends a batch with a record whose header name is not UTF-8, as another client library can produce it:
`python -m tests.support.undecodable`.

aiokafka's compiled encoder refuses such a name and its Python encoder does not, so this runs in a process of its own. The batch is
not compressed: the broker would rewrite a compressed batch, with other names.
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
class Location:
    """The partition and offset of a record."""

    partition: int
    offset: int


class NotUtf8(str):
    __slots__ = ()

    def encode(self, *_: str) -> bytes:
        return b"\xff\xfe"


async def append(url: str, topic: str, key: UUID, *behind: Entry) -> Location:
    """Append the record and, in the same batch, the records `behind` it; the location of the first."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", __name__, url, topic, str(key)),
        env=os.environ | {"AIOKAFKA_NO_EXTENSIONS": "1"},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    others = [[value.decode(), [[name, text.decode()] for name, text in headers]] for value, headers in behind]
    output, _ = await process.communicate(json.dumps(others).encode())
    return Location(**json.loads(output))


async def _append(url: str, topic: str, key: str) -> None:
    behind = json.load(sys.stdin)
    producer = AIOKafkaProducer(bootstrap_servers=url)
    await producer.start()
    try:
        batch = producer.create_batch()
        batch.append(key=key.encode(), value=VALUE, timestamp=None, headers=[(NotUtf8("name"), b"text")])
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
