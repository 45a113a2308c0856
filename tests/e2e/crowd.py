"""Many concurrent clients that retry like real ones, and the verification of their requests."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from deploy.demo.author import Author
from deploy.demo.cases import Run
from deploy.demo.client import PublicApi
from deploy.demo.data import DemoRequest, independent_requests, load_accounts
from deploy.local import LocalStack
from deploy.verification.clauses import CLAUSES
from deploy.verification.evidence import Lag, Submission
from deploy.verification.history import History
from deploy.verification.recorder import Recorder
from deploy.verification.rest import at_rest
from deploy.verification.verdicts import Verdict
from tests.support.pages import Readers

CONCURRENCY = 8
TRIES = 60
"""Attempts of a client before it gives up."""


@dataclass(slots=True)
class Crowd:
    """`wanted`: the number of requests that were started. `submissions`: the acknowledged ones."""

    readers: Readers
    recorder: Recorder
    run: Run
    wanted: int = 0
    submissions: list[Submission] = field(default_factory=list)

    async def file(self, count: int, before: Callable[[int], Awaitable[None]], first: int = 0) -> None:
        """File `count` requests, numbered from `first`. Awaits `before` with each number before the request is sent."""
        self.wanted, rows = self.wanted + count, self.run.rows
        await self.readers.sign_in()
        numbers = iter(range(first, first + count))

        async def person() -> None:
            for number in numbers:
                await before(number)
                await self._file_one(number, self.run.rows[number % len(rows)])

        async with asyncio.TaskGroup() as group:
            for _ in range(CONCURRENCY):
                group.create_task(person())

    async def _file_one(self, number: int, row: DemoRequest) -> None:
        # Only every fifth request has files: most of the load must be on the kernel.
        documents = row.documents if number % 5 == 0 else ()
        words = f"{row.description} (n.º {number}, {self.run.id})"
        unique = row.model_copy(update={"description": words, "documents": documents})
        author = Author(self.readers.api, self.readers.sessions[row.account], self.run, number)
        self.submissions.append(await author.file(unique))

    async def at_rest(self, within: float) -> tuple[History, Sequence[Verdict]]:
        """The history and its verdicts, as soon as every clause holds or the time is over."""

        async def collect(lags: Sequence[Lag]) -> History:
            pages = await self.readers.pages(self.submissions)
            return await self.recorder.history(self.submissions, lags, pages=pages)

        return await at_rest(self.recorder.look, collect, CLAUSES, within=within, still_for=within)


@asynccontextmanager
async def crowd(system: LocalStack, url: str | None = None, tries: int = TRIES) -> AsyncIterator[Crowd]:
    async with PublicApi(url or system.env["PUBLIC_URL"], tries=tries) as api:
        recorder = await Recorder.start(system.env, system.home.mails, shared=True)
        yield Crowd(Readers(api), recorder, Run.new(load_accounts(), independent_requests()))


def moments(seed: str, kills: int, count: int) -> Sequence[int]:
    """`kills` random request numbers: a process is killed before each of these requests."""
    return sorted(random.Random(seed).sample(range(10, count - 10), kills))
