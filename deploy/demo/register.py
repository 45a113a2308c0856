"""A civil register that reports births: a program that a real one can begin from.

    python -m deploy.demo.register --number 104233/2026 --born-on 2026-02-27 --parent 11000000007 --parent 12000000012

It publishes each birth until the broker has acknowledged it. Publishing one again is harmless: Postigo knows it by its key.
"""

import argparse
import asyncio
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from aiokafka import AIOKafkaProducer

TOPIC = "registry.events.v1"
SOURCE = "urn:register:demo"


@dataclass(frozen=True, slots=True)
class Birth:
    """`number`: that of the entry. `parents`: their social-security numbers; the first one who has an account gets the request."""

    number: str
    born_on: date
    parents: Sequence[str]

    @property
    def record_id(self) -> UUID:
        """The id of the register's own record. A register that has UUIDs uses those."""
        return uuid5(NAMESPACE_URL, f"{SOURCE}:{self.number}")


def record_of(birth: Birth) -> dict[str, Any]:
    """Key, value and headers. The same birth has the same key; the event id derives from what is said of it, too."""
    data = json.dumps({"number": birth.number, "born_on": birth.born_on.isoformat(), "parents": list(birth.parents)})
    headers = {
        "ce_specversion": "1.0",
        "ce_id": str(uuid5(birth.record_id, data)),
        "ce_type": "pt.postigo.birth.registered.v1",
        "ce_source": SOURCE,
        "ce_time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "content-type": "application/json",
    }
    return {
        "key": str(birth.record_id).encode(),
        "value": data.encode(),
        "headers": [(name, text.encode()) for name, text in headers.items()],
    }


async def tell(kafka_url: str, births: Iterable[Birth]) -> None:
    """Publish the births, one after another. Raises `KafkaError`."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka_url, acks="all", enable_idempotence=True)
    await producer.start()
    try:
        for birth in births:
            await producer.send_and_wait(TOPIC, **record_of(birth))
    finally:
        await producer.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Tell a birth, as a civil register does.")
    parser.add_argument("--number", required=True, help="number of the entry in the register")
    parser.add_argument("--born-on", required=True, type=date.fromisoformat, help="day of birth: 2026-02-27")
    parser.add_argument(
        "--parent",
        required=True,
        action="append",
        dest="parents",
        help="social-security number of a parent, repeatable",
    )
    given = parser.parse_args()
    if "KAFKA_URL" not in os.environ:
        parser.error("KAFKA_URL is not set. It is the address of the broker: KAFKA_URL=127.0.0.1:9092")
    asyncio.run(tell(os.environ["KAFKA_URL"], [Birth(given.number, given.born_on, given.parents)]))
