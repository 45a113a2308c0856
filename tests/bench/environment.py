"""The environment of a row: a stack of its own, with the baseline beside our processes."""

import sys
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from aiokafka.admin import AIOKafkaAdminClient

from deploy.demo.accounts import create_accounts
from deploy.demo.client import PublicApi, Session
from deploy.demo.data import load_accounts
from deploy.local import LocalStack, probes
from deploy.local.program import always
from deploy.local.table import PUBLIC, internal_name, listeners
from deploy.local.tier import Tier
from deploy.topics_apply import admin_client
from services.common.messaging import Publisher
from tests.bench.process_stats import cpu_seconds
from tests.support.freezing import frozen


@dataclass(slots=True)
class BenchEnvironment:
    stack: LocalStack
    admin: AIOKafkaAdminClient

    @property
    def env(self) -> dict[str, str]:
        return self.stack.env

    def pid(self, name: str) -> int:
        pid = self.stack.pid(name)
        assert pid is not None, f"{name} is down"
        return pid

    def cpu(self, *names: str) -> float:
        """Total processor seconds of the programs `names`."""
        return sum(cpu_seconds(self.pid(name)) for name in names)

    def url(self, name: str) -> str:
        """The HTTP address of `name`."""
        return f"http://127.0.0.1:{self.stack.port(name)}"

    async def start(self, name: str, module: str, env: Mapping[str, str] | None = None, *, http: bool = True) -> None:
        """Start `python -m module` as `name`; with `http`, wait until its readiness probe succeeds."""
        port = self.stack.port(name)
        # A baseline has one port, for its probe too.
        ports = listeners(name, module, self.stack.port) | ({} if module in PUBLIC else {"HTTP_PORT": str(port)})
        variables = {**ports, "POSTIGO_INSTANCE": "1", **(env or {})}
        ready = partial(probes.http_ready, self.stack.port(internal_name(name, module))) if http else always
        await self.stack.start_program(name, [sys.executable, "-m", module], variables, ready=ready)

    def frozen(self, *names: str) -> AbstractContextManager[None]:
        """Freeze the programs until the block ends."""
        return frozen(self.stack, *names)

    @asynccontextmanager
    async def publisher(self) -> AsyncIterator[Publisher]:
        """A publisher on this stack's broker, until the block ends."""
        publisher = Publisher(self.env["KAFKA_URL"], client_id="bench")
        await publisher.start()
        try:
            yield publisher
        finally:
            await publisher.stop()

    async def sessions(self, gateway: str = "gateway") -> dict[str, Session]:
        """Sign every account of the demonstration in at this gateway; the sessions by the account's key."""
        accounts = load_accounts()
        internal = {"GATEWAY_URL": self.url(internal_name(gateway, "gateway"))}
        await create_accounts(accounts, self.stack.home, self.env | internal)
        async with PublicApi(self.url(gateway)) as api:
            return {account.key: await api.sign_in(account) for account in accounts}


@asynccontextmanager
async def bench_environment(
    tier: Tier, engines: Iterable[str], processes: Iterable[str] = ()
) -> AsyncIterator[BenchEnvironment]:
    async with AsyncExitStack() as exits:
        folder = exits.enter_context(TemporaryDirectory(prefix="postigo-bench-"))
        stack = await exits.enter_async_context(LocalStack(Path(folder), tier=tier, engines=engines))
        admin = await exits.enter_async_context(admin_client(stack.env["KAFKA_URL"]))
        await stack.start_processes(processes)
        yield BenchEnvironment(stack, admin)
