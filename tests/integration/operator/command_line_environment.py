"""The environment of the command-line tests: engines and processes of its own, and requests that get stuck."""

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import orjson
from aiokafka import AIOKafkaProducer
from aiokafka.structs import RecordMetadata

from deploy.local import LocalStack
from services.common.contracts import topics as names
from services.common.contracts.commands import Answer
from services.common.contracts.intake import RequestSubmitted
from services.common.domain.identifiers import reference_of
from services.common.store import Database, database
from tests.support import stacks, topics
from tests.support.waiting import eventually

WORDS = "O MEU VIZINHO NAO DECLARA OS TRABALHADORES"
"""The text of a request. No command may print it by accident."""

STUCK, FREE = "pf", "dd"
"""A department without an inbox topic, and one with it."""

SUBJECTS = {STUCK: ("FAM-01", "NPG")}


@dataclass(frozen=True)
class CommandResult:
    """The exit code and the output of a command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return orjson.loads(self.out)


@dataclass(slots=True)
class CommandLineEnvironment:
    stack: LocalStack
    producer: AIOKafkaProducer
    client: Any
    subjects: Mapping[str, tuple[str, str]]

    def database(self, owner: str) -> Database:
        return database(self.client, f"postigo_{owner}")

    async def postigo(self, *arguments: str, env: Mapping[str, str] | None = None, home: bool = True) -> CommandResult:
        """Run a command on this stack, in a process of its own."""
        home_option = ("--home", str(self.stack.home.folder)) if home else ()
        # Servers that the environment names are for other tests.
        inherited = {name: value for name, value in os.environ.items() if name not in stacks.NAMES}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "deploy.cli", *arguments, *home_option),
            env={**inherited, "COLUMNS": "80", **(env or {})},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await asyncio.wait_for(process.communicate(), 90)
        assert process.returncode is not None
        return CommandResult(process.returncode, out.decode(), err.decode())

    async def submit(self, department: str) -> UUID:
        """Append a request for a department, as the gateway does."""
        request_id, account = uuid4(), uuid4()
        subject, reason = self.subjects[department]
        event = RequestSubmitted(
            request_id=request_id,
            reference=reference_of(request_id),
            account_id=account,
            actor_id=account,
            who="P",
            subject=subject,
            reason=reason,
            catalogue_version=1,
            description=WORDS,
        )
        await self.append(event.TYPE, request_id, event.model_dump_json().encode())
        return request_id

    async def append(self, ce_type: str, key: UUID, value: bytes) -> RecordMetadata:
        headers = topics.attributes(ce_type, str(uuid4()))
        return await self.producer.send_and_wait(names.INTAKE, value=value, key=str(key).encode(), headers=headers)

    async def command(self, department: str, request_id: UUID, identifier: str) -> RecordMetadata:
        """Append an answer of the department."""
        event = Answer(assignment_id=uuid4(), epoch=1, seen=1, text=WORDS)
        headers = topics.attributes(event.TYPE, identifier)
        value, key = event.model_dump_json().encode(), str(request_id).encode()
        return await self.producer.send_and_wait(names.outbox(department), value=value, key=key, headers=headers)

    async def unreadable_record(self) -> str:
        """Append a record that intake cannot read. Returns the name of its dead letter (the worker's has another)."""
        sent = await self.append(RequestSubmitted.TYPE, uuid4(), f"{{{WORDS}".encode())
        letters = names.dead_letters(names.INTAKE, "intake")

        async def dead_letter() -> str:
            for letter in await topics.read_all(self.stack.env["KAFKA_URL"], letters):
                position = (topics.header(letter, "dlq-partition"), topics.header(letter, "dlq-offset"))
                if position == (str(sent.partition), str(sent.offset)):
                    return f"{letters}/{letter.offset}"
            return ""

        return await eventually(dead_letter)

    async def until(self, owner: str, collection: str, query: dict[str, Any]) -> dict[str, Any]:
        async def found() -> dict[str, Any]:
            return await self.database(owner)[collection].find_one(query) or {}

        return await eventually(found)


def subject_of(department: str, subjects: Sequence[Any]) -> tuple[str, str]:
    """A subject of the department, and a reason."""
    subject = next(each for each in subjects if each.department == department and each.who == "P")
    return subject.code, subject.reasons[0]
