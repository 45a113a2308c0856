"""Where a row is measured: a stack of its own, with the baseline beside our processes."""

import os
import signal
import sys
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
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
from tests.bench.watch import cpu_seconds


@dataclass(slots=True)
class Ground:
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
        """Processor seconds that the programs `names` have taken in all."""
        return sum(cpu_seconds(self.pid(name)) for name in names)

    def url(self, name: str) -> str:
        """Where `name` answers HTTP."""
        return f"http://127.0.0.1:{self.stack.port(name)}"

    async def start(self, name: str, module: str, env: Mapping[str, str] | None = None, *, http: bool = True) -> None:
        """Start `python -m module` as `name` and wait until it says, over HTTP, that it is ready."""
        port = self.stack.port(name)
        # A baseline listens on one port, and answers its probe there.
        own = listeners(name, module, self.stack.port) | ({} if module in PUBLIC else {"HTTP_PORT": str(port)})
        told = {**own, "POSTIGO_INSTANCE": "1", **(env or {})}
        ready = partial(probes.http_ready, self.stack.port(internal_name(name, module))) if http else always
        await self.stack.start_program(name, [sys.executable, "-m", module], told, ready=ready)

    @contextmanager
    def frozen(self, *names: str) -> Iterator[None]:
        """Within this, the programs do nothing at all."""
        pids = [self.pid(name) for name in names]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    async def sessions(self, url: str) -> dict[str, Session]:
        """Everybody of the demonstration, signed in at the gateway that answers at `url`, by the account's key."""
        accounts = load_accounts()
        await create_accounts(accounts, self.env)
        async with PublicApi(url) as api:
            return {account.key: await api.sign_in(account) for account in accounts}


@asynccontextmanager
async def ground(tier: Tier, engines: Iterable[str], processes: Iterable[str] = ()) -> AsyncIterator[Ground]:
    async with AsyncExitStack() as leaving:
        folder = leaving.enter_context(TemporaryDirectory(prefix="postigo-bench-"))
        stack = await leaving.enter_async_context(LocalStack(Path(folder), tier=tier, engines=engines))
        admin = await leaving.enter_async_context(admin_client(stack.env["KAFKA_URL"]))
        await stack.start_processes(processes)
        yield Ground(stack, admin)
