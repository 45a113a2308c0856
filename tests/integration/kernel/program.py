"""The ledger as a separate process, which tests can kill: `python -m tests.integration.kernel.program PREFIX`."""

import asyncio
import os
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer
from fastapi import FastAPI

from services.common.domain.poison import PoisonRecord
from services.common.domain.position import Position
from services.common.messaging import InserterProcessor, Outcome, ProjectionProcessor, Subscription
from services.common.messaging.handlers.processor import DiscardedRecord, IncomingRecord
from services.common.runtime.bootstrap import ServiceContext
from services.common.runtime.process import Process
from services.common.runtime.server import serve
from services.common.runtime.settings import Settings
from services.common.store import DocumentStore, Timelines
from tests.integration.kernel.ledger import Account, Book, ledger


class Hanging:
    """A processor that never returns."""

    async def process(self, batch: Sequence[IncomingRecord]) -> list[Outcome]:
        await asyncio.Event().wait()
        return []

    async def answer_poison(self, poison: Sequence[PoisonRecord]) -> Collection[Position]:
        return ()

    async def block(self, incoming: IncomingRecord) -> None: ...

    async def unblock(self, incoming: IncomingRecord) -> None: ...

    async def discard(self, discarded: DiscardedRecord) -> None: ...


@dataclass(frozen=True, slots=True)
class Severing:
    """Breaks a consumer as aiokafka sometimes breaks after a broker restart: it is alive, but fetches nothing more, or gets no
    answer to commits, or raises at each poll because its group coordination has failed.

    Runs as a loop of the process, after all subscriptions have started.
    """

    subscription: Subscription
    how: str

    async def run(self) -> None:
        await asyncio.sleep(1)
        consumer = self.subscription.consumer
        match self.how:
            case "fetches-no-more":
                consumer._fetcher._fetch_task.cancel()
            case "commits-no-more":
                consumer.commit = _unanswered
            case "coordinates-no-more":
                consumer._coordinator._do_heartbeat = _failing
            case _:
                raise ValueError(self.how)
        print(f"severed: {self.how}", flush=True)


async def _unanswered(*_: Any) -> None:
    await asyncio.Event().wait()


async def _failing(*_: Any) -> None:
    raise RuntimeError("a bug of the library")


def _commit_late() -> None:
    """Delay each commit, as a slow broker would."""
    commit = AIOKafkaConsumer.commit

    async def late(self: AIOKafkaConsumer, offsets: Any) -> None:
        await asyncio.sleep(0.5)
        await commit(self, offsets)

    AIOKafkaConsumer.commit = late


def build(settings: Settings, prefix: str) -> FastAPI:
    if "LEDGER_COMMITS_LATE" in os.environ:
        _commit_late()
    book, context = ledger(prefix), ServiceContext(settings, prefix)
    timelines = Timelines(book.bookings, context.database["timelines"])
    accounts = DocumentStore(context.database["accounts"], Account, timelines)
    books = DocumentStore(context.database["books"], Book)
    slips = Hanging() if "LEDGER_HANGS" in os.environ else InserterProcessor(book.slips, context.database["slips"])
    accounts_subscription, sweeper = context.aggregate_subscription(
        f"{prefix}-accounts", [book.entries, book.corrections], book.accounts, accounts
    )
    process = Process(
        prefix,
        publisher=context.publisher,
        prepare=[accounts.ensure_indexes, books.ensure_indexes],
        subscriptions=[
            accounts_subscription,
            context.subscription(f"{prefix}-books", [book.bookings], ProjectionProcessor(book.books, books)),
            context.subscription(f"{prefix}-slips", [book.bookings], slips),
        ],
        loops=[
            sweeper,
            *(Severing(accounts_subscription, how) for how in os.environ.get("LEDGER_SEVERED", "").split()),
        ],
        close=[context.close],
    )
    return process.app()


if __name__ == "__main__":
    settings = Settings()
    serve(sys.argv[1], settings, build(settings, sys.argv[1]))
