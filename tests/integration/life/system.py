"""The whole system as people and departments reach it: by HTTP, and by the topics of departments."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

import httpx2
from aiokafka import AIOKafkaProducer

from deploy.local import LocalStack
from services.common.contracts import topics as names
from tests.integration.gateway.gateway_environment import Person, gateway_environment, new_key
from tests.integration.life.streams import Streams, streams
from tests.support import topics

DEPARTMENTS: Final = ("pf", "rec", "tri")
"""Those that the requests are for, and those that they are transferred to."""

PEOPLE: Final = 8


@dataclass(slots=True)
class System:
    """`people` have accounts of their own. `loop` runs all that is asynchronous; steps are made from another thread.

    `unreadable` counts the commands that must become dead letters, and `notices` are the ids of facts that the person must be told.
    """

    stack: LocalStack
    loop: asyncio.AbstractEventLoop
    http: httpx2.AsyncClient
    producer: AIOKafkaProducer
    streams: Streams
    people: Sequence[Person]
    unreadable: int = 0
    notices: set[str] = field(default_factory=set)

    async def call(
        self, person: Person | None, method: str, path: str, status: int, problem: str | None = None, **about: Any
    ) -> httpx2.Response:
        """Call the API. The answer must have this status and, if it is a problem, this type. `about`: as in `attempt`."""
        answer = await self.attempt(person, method, path, **about)
        found = str(answer.json()["type"]).removeprefix("urn:postigo:problem:") if answer.is_error else None
        assert (answer.status_code, found) == (status, problem), f"{method} {path} {about}: {answer.text}"
        return answer

    async def attempt(
        self,
        person: Person | None,
        method: str,
        path: str,
        *,
        key: str | None = None,
        media_type: str | None = None,
        **body: Any,
    ) -> httpx2.Response:
        """Call the API with any result that is not our own error."""
        headers = {} if person is None else person.headers()
        headers |= {} if method == "GET" else {"Idempotency-Key": key or new_key()}
        headers |= {} if media_type is None else {"Content-Type": media_type}
        answer = await self.http.request(method, path, headers=headers, timeout=20, **body)
        assert answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR, f"{method} {path}: {answer.text}"
        return answer

    async def send(self, department: str, request_id: str, kind: str, identifier: str, value: bytes) -> None:
        """Append a command to the outbox of the department."""
        headers = topics.attributes(f"pt.postigo.assignment.{kind}.v1", identifier)
        key = request_id.encode()
        await self.producer.send_and_wait(names.outbox(department), value=value, key=key, headers=headers)


@asynccontextmanager
async def system_of(stack: LocalStack) -> AsyncIterator[System]:
    async with gateway_environment(stack) as gateway, streams(stack.env["KAFKA_URL"], DEPARTMENTS) as reading:
        people = await gateway.people(*[1] * PEOPLE)
        producer = await topics.producer(stack.env["KAFKA_URL"])
        try:
            yield System(stack, asyncio.get_running_loop(), gateway.http, producer, reading, people)
        finally:
            await producer.stop()
