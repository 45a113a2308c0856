"""Many people at the counter at once, who try again as real clients do, and the judgement over what became of them."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from deploy.demo.author import Author
from deploy.demo.cases import Run
from deploy.demo.client import PublicApi
from deploy.demo.data import DemoRequest, load_accounts, load_requests
from deploy.local import LocalStack
from deploy.verification.clauses import CLAUSES
from deploy.verification.evidence import Lag, Submission
from deploy.verification.history import History
from deploy.verification.recorder import Recorder
from deploy.verification.rest import at_rest
from deploy.verification.verdicts import Verdict
from tests.support.pages import Readers

AT_ONCE = 8
PATIENCE = 60
"""Tries of a client who really wants something."""


@dataclass(slots=True)
class Crowd:
    """`submissions` grows as references are given out."""

    readers: Readers
    recorder: Recorder
    run: Run
    wanted: int = 0
    submissions: list[Submission] = field(default_factory=list)

    async def file(self, count: int, before: Callable[[int], Awaitable[None]], first: int = 0) -> None:
        """File `count` requests, numbered from `first`; `before` is awaited with each one's number before it is sent."""
        self.wanted, rows = self.wanted + count, self.run.rows
        await self.readers.sign_in()
        numbers = iter(range(first, first + count))

        async def person() -> None:
            for number in numbers:
                await before(number)
                await self._file_one(number, self.run.rows[number % len(rows)])

        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(person())

    async def _file_one(self, number: int, row: DemoRequest) -> None:
        # Files are uploaded now and then only: most of the load is on the kernel.
        named = row.documents if number % 5 == 0 else ()
        words = f"{row.description} (n.º {number}, {self.run.id})"
        said = row.model_copy(update={"description": words, "documents": named})
        author = Author(self.readers.api, self.readers.sessions[row.account], self.run, number)
        self.submissions.append(await author.file(said))

    async def at_rest(self, within: float) -> tuple[History, Sequence[Verdict]]:
        """The history and the verdicts on it, once every clause holds, or the time is over."""

        async def collect(lags: Sequence[Lag]) -> History:
            pages = await self.readers.pages(self.submissions)
            return await self.recorder.history(self.submissions, lags, pages=pages)

        return await at_rest(self.recorder.look, collect, CLAUSES, within=within, still_for=within)


@asynccontextmanager
async def crowd(house: LocalStack, url: str | None = None, tries: int = PATIENCE) -> AsyncIterator[Crowd]:
    async with PublicApi(url or house.env["PUBLIC_URL"], tries=tries) as api:
        recorder = await Recorder.start(house.env, house.home.mails, shared=True)
        yield Crowd(Readers(api), recorder, Run.new(load_accounts(), load_requests()))


def moments(seed: str, kills: int, count: int) -> Sequence[int]:
    """`kills` numbers of requests, drawn by `seed`, before each of which something is killed."""
    return sorted(random.Random(seed).sample(range(10, count - 10), kills))
