"""The environment of routing tests: requests as the gateway files them, and a department's inbox, outbox and rejections."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID, uuid4

from aiokafka import AIOKafkaProducer

from services.common.contracts import topics as names
from services.common.contracts.intake import RequestReplied, RequestSubmitted
from services.common.domain.identifiers import reference_of
from services.common.messaging.producer.partitions import partition_of
from tests.support import topics
from tests.support.waiting import eventually

Headers = Sequence[tuple[str, bytes | None]]
ACCOUNT: Final = UUID(int=1)


@dataclass(frozen=True, slots=True)
class Case:
    """A request, and the latest inbox event about it."""

    request_id: UUID
    event: dict[str, Any]

    @property
    def key(self) -> bytes:
        return str(self.request_id).encode()

    def data(self, **changes: Any) -> dict[str, Any]:
        """The data of a command that answers the event; `...` leaves a field out."""
        own = {"assignment_id": self.event["assignment_id"], "epoch": self.event["epoch"], "seen": self.event["as_of"]}
        return {name: value for name, value in (own | {"text": "Está pago."} | changes).items() if value is not ...}


@dataclass(frozen=True, slots=True)
class RoutingEnvironment:
    kafka_url: str
    producer: AIOKafkaProducer

    async def file(self, language: str = "pt") -> Case:
        """A new request, as soon as department `pf` has it."""
        request_id = uuid4()
        event = RequestSubmitted(
            request_id=request_id,
            reference=reference_of(request_id),
            account_id=ACCOUNT,
            actor_id=ACCOUNT,
            who="P",
            subject="FAM-01",
            reason="INF",
            catalogue_version=1,
            language="en" if language == "en" else "pt",
            description="Não recebi o abono de maio.",
        )
        await self._say(event, request_id)
        return Case(request_id, (await self.inbox(request_id))[-1])

    async def write(self, case: Case, text: str) -> None:
        names_it = {"request_id": case.request_id, "reference": reference_of(case.request_id)}
        event = RequestReplied(**names_it, account_id=ACCOUNT, actor_id=ACCOUNT, text=text)
        await self._say(event, case.request_id)

    async def _say(self, event: Any, request_id: UUID) -> None:
        headers = topics.attributes(event.TYPE, str(uuid4()))
        value = event.model_dump_json().encode()
        await self.producer.send_and_wait(event.topic, value=value, key=str(request_id).encode(), headers=headers)

    async def command(self, case: Case, kind: str, identifier: str, **changes: Any) -> None:
        """The department that has the case sends a command."""
        headers = topics.attributes(f"pt.postigo.assignment.{kind}.v1", identifier)
        wordless = {"text": ...} if kind == "acknowledge" else {}
        value = json.dumps(case.data(**wordless | changes)).encode()
        await self.append(case.key, value, headers, case.event["department"])

    async def append(
        self, key: bytes | None, value: bytes | None, headers: Headers, department: str = "pf"
    ) -> tuple[int, int]:
        """Append any record to the outbox of a department. Returns its partition and offset."""
        outbox = names.outbox(department)
        batch = self.producer.create_batch()
        batch.append(key=key, value=value, timestamp=None, headers=list(headers))
        batch.close()
        partition = partition_of(key.decode()) if key is not None and key.isascii() else 0
        sent = await (await self.producer.send_batch(batch, outbox, partition=partition))
        return partition, sent.offset

    async def inbox(self, request_id: UUID, count: int = 1, department: str = "pf") -> list[dict[str, Any]]:
        """The request's inbox events with their `type`, once there are `count` of them."""

        async def arrived() -> list[dict[str, Any]]:
            found = await self._read(names.inbox(department), str(request_id).encode())
            return found if len(found) >= count else []

        return await eventually(arrived)

    async def rejections(self, key: bytes | None = None) -> list[dict[str, Any]]:
        """All rejections with their `type`, or those of one request."""
        return await self._read(names.rejections("pf"), key)

    async def letters(self) -> list[Any]:
        return await topics.read_all(self.kafka_url, names.dead_letters(names.outbox("pf"), "routing"))

    async def _read(self, topic: str, key: bytes | None) -> list[dict[str, Any]]:
        return [
            json.loads(record.value or b"") | {"type": (topics.header(record, "ce_type") or "").split(".")[-2]}
            for record in await topics.read_all(self.kafka_url, topic)
            if key is None or record.key == key
        ]


@asynccontextmanager
async def routing_environment(kafka_url: str) -> AsyncIterator[RoutingEnvironment]:
    producer = await topics.producer(kafka_url)
    try:
        yield RoutingEnvironment(kafka_url, producer)
    finally:
        await producer.stop()
