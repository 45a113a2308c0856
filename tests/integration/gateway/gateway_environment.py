"""The environment of gateway tests: a gateway, its worker and the documents service, and signed-in people."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any, Final
from uuid import uuid4

import httpx2
import orjson

from deploy.local import LocalStack, probes
from deploy.local.table import internal_name, listeners
from deploy.operator.accounts import check_accounts, import_accounts
from deploy.operator.audit import Actor
from deploy.operator.session import open_session
from deploy.operator.target import local_target
from services.common.contracts import topics as names
from services.common.contracts.internal import ImportedAccount
from services.common.contracts.operations import OperationBegun
from services.common.messaging.records.reader import read
from tests.support.freezing import frozen
from tests.support.stacks import NAMES
from tests.support.topics import header, read_all

PASSWORD: Final = "uma frase comprida"  # noqa: S105
TESTER: Final = Actor("tester", "system-user", "people of the tests")
WEIGHTS: Final = (29, 23, 19, 17, 13, 11, 7, 5, 3, 2)
BODY: Final = {"subject": "FAM-01", "reason": "INF", "description": "Bom dia. Que papéis tenho de levar?"}


def niss(number: int, first: int = 1) -> str:
    """A valid NISS: persons start with 1, companies with 2."""
    digits = f"{first}{number:09d}"
    total = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, digits, strict=True))
    return f"{digits}{9 - total % 10}"


def new_key() -> str:
    return uuid4().hex


@dataclass(slots=True)
class Person:
    """A signed-in person or company, and their calls to the gateway."""

    http: httpx2.AsyncClient
    niss: str
    account_id: str
    token: str

    def headers(self, **more: str) -> dict[str, str]:
        headers = {name.replace("_", "-"): value for name, value in more.items()}
        return {"Authorization": f"Bearer {self.token}", **headers}

    async def file(self, body: Mapping[str, Any] = BODY, key: str | None = None) -> httpx2.Response:
        return await self.http.post(
            "/v1/requests", json=body, headers=self.headers(idempotency_key=key or new_key()), timeout=20
        )

    async def act(
        self, reference: str, act: str, body: Mapping[str, Any], key: str | None = None, **headers: str
    ) -> httpx2.Response:
        about = self.headers(idempotency_key=key or new_key(), **headers)
        return await self.http.post(f"/v1/requests/{reference}/{act}", json=body, headers=about, timeout=20)

    async def send(self, content: Any, key: str | None = None, **headers: str) -> httpx2.Response:
        about = {"content_type": "application/pdf", "idempotency_key": key or new_key()} | headers
        return await self.http.post("/v1/documents", content=content, headers=self.headers(**about), timeout=20)

    async def get(self, path: str, **headers: str) -> httpx2.Response:
        return await self.http.get(path, headers=self.headers(**headers))


@dataclass(slots=True)
class GatewayEnvironment:
    stack: LocalStack
    http: httpx2.AsyncClient
    internal: httpx2.AsyncClient
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    async def run(self, *arguments: str, given: bytes = b"") -> tuple[int, str, str]:
        """Run an operator's command on this stack. `given`: its standard input. Returns exit status, output and errors."""
        program = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "deploy.cli", *arguments, "--home", str(self.stack.home.folder)),
            # Servers that the environment names are for other tests.
            env={name: value for name, value in os.environ.items() if name not in NAMES},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        printed, errors = await asyncio.wait_for(program.communicate(given), 60)
        assert program.returncode is not None
        return program.returncode, printed.decode(), errors.decode()

    async def postigo(self, *arguments: str, given: str = "") -> Any:
        """The JSON that an operator's command prints."""
        status, printed, errors = await self.run(*arguments, given=given.encode())
        assert status == 0, errors
        return orjson.loads(printed)

    async def accounts(self, *lines: Mapping[str, Any], do: bool = True) -> tuple[int, list[dict[str, str]], str]:
        """Import accounts with the operator's command. Returns exit status, printed lines, and standard error."""
        said = ("--reason", "a test", "--yes") if do else ()
        status, printed, errors = await self.run(
            "accounts", "import", *said, given=b"\n".join(map(orjson.dumps, lines))
        )
        return status, [orjson.loads(line) for line in printed.splitlines()] if do else [], errors

    async def operations(self, *actions: str) -> list[OperationBegun]:
        """The operations of these actions on the audit topic, in order."""
        records = await read_all(self.stack.env["KAFKA_URL"], names.OPERATIONS)
        events = [read(record).event for record in records]
        return [event for event in events if isinstance(event, OperationBegun) and event.action in actions]

    def line(self, first: int = 1, **changes: Any) -> dict[str, Any]:
        number = next(self._numbers)
        person = {
            "niss": niss(number, first),
            "password": PASSWORD,
            "name": f"Pessoa {number}",
            "email": f"pessoa.{number}@example.org",
            "language": "pt",
            "kind": "person" if first == 1 else "company",
        }
        return person | changes

    async def sign_in(self, niss: str, password: str = PASSWORD) -> httpx2.Response:
        return await self.http.post("/v1/sessions", json={"niss": niss, "password": password})

    async def people(self, *firsts: int) -> list[Person]:
        """New persons (1) and companies (2), signed in."""
        lines = [orjson.dumps(self.line(first)) for first in firsts]
        created: list[ImportedAccount] = []
        # Within this process: a command of its own takes seconds, and many tests need people.
        async with open_session(local_target(self.stack.env, self.stack.home)) as session:
            checked = await check_accounts(session, lines)
            await import_accounts(session, TESTER, lines, checked, created.extend)
        people = []
        for each in created:
            answer = await self.sign_in(each.niss)
            assert answer.status_code == 201, answer.text
            people.append(Person(self.http, each.niss, str(each.account_id), answer.json()["token"]))
        return people

    @asynccontextmanager
    async def replica(
        self, name: str, is_up: Callable[[int], Awaitable[None]] = probes.http_ready, /, **env: str
    ) -> AsyncIterator[httpx2.AsyncClient]:
        """A second gateway with additional environment variables, until the block ends."""
        url, listening = f"http://127.0.0.1:{self.stack.port(name)}", listeners(name, "gateway", self.stack.port)
        command = [sys.executable, "-m", "gateway"]
        ready = partial(is_up, self.stack.port(internal_name(name, "gateway")))
        await self.stack.start_program(name, command, listening | env, url=url, ready=ready)
        try:
            async with httpx2.AsyncClient(base_url=url, trust_env=False) as http:
                yield http
        finally:
            await self.stack.stop(name)

    def frozen(self, name: str) -> AbstractContextManager[None]:
        """Freeze a program of the stack until the block ends."""
        return frozen(self.stack, name)

    async def records_of(self, request_id: str) -> list[Any]:
        """The records of a request on the intake topic."""
        return [record for record in await self.all_records() if record.key == request_id.encode()]

    async def all_records(self) -> list[Any]:
        return await read_all(self.stack.env["KAFKA_URL"], "requests.intake.v1")


def value_of(record: Any) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(record.value)
    return found


def headers_of(record: Any) -> dict[str, str | None]:
    return {name: header(record, name) for name, _ in record.headers}


@asynccontextmanager
async def gateway_environment(stack: LocalStack) -> AsyncIterator[GatewayEnvironment]:
    async with (
        httpx2.AsyncClient(base_url=stack.env["PUBLIC_URL"], trust_env=False) as http,
        httpx2.AsyncClient(base_url=stack.env["GATEWAY_URL"], trust_env=False) as internal,
    ):
        yield GatewayEnvironment(stack, http, internal)
