"""Errors of the engines while they crash, start or have a full disk are outages, and no confirmed save is lost."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from services.common.domain.errors import StoreUnavailable
from services.common.store import Document, DocumentStore, Driver, connect, database, disconnect
from tests.integration.local_stack.harness import fill, needs_root, small_disk
from tests.integration.store.spec import Tally, change
from tests.support import stacks
from tests.support.waiting import eventually

DRIVERS: Sequence[Driver] = ("motor", "pymongo")


class Writer:
    """Saves new documents one after another, and records which saves were confirmed."""

    def __init__(self, store: DocumentStore[Tally], name: str) -> None:
        self._store = store
        self._name = name
        self.confirmed: list[str] = []
        self.outages = 0
        self.stopped = False

    async def write(self) -> None:
        """Save until stopped; a flag, because a driver may swallow a cancellation. Raises errors that are no outage."""
        number = 0
        while not self.stopped:
            number += 1
            key = f"{self._name}-{number}"
            try:
                await self._store.save([change(Document(key), number, text="x" * 2_000)])
            except StoreUnavailable:
                self.outages += 1
                await asyncio.sleep(0.01)
            else:
                self.confirmed.append(key)


@asynccontextmanager
async def writing(url: str, drivers: Sequence[Driver]) -> AsyncIterator[list[Writer]]:
    """Four writers for each driver. At the end every confirmed document must be stored."""
    clients = [connect(url, driver) for driver in drivers]
    stores = [DocumentStore(database(client, "outages")["tallies"], Tally) for client in clients]
    await stores[0].ensure_indexes()
    writers = [Writer(store, f"{number}-{at}") for at, store in enumerate(stores) for number in range(4)]
    tasks = [asyncio.create_task(writer.write()) for writer in writers]
    try:
        yield writers
    finally:
        for writer in writers:
            writer.stopped = True
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert [end for end in ended if end is not None] == []
    confirmed = [key for writer in writers for key in writer.confirmed]
    found = await stores[0].load(confirmed)
    assert [key for key, document in found.items() if document.version == 0] == []
    for client in clients:
        await disconnect(client)


async def write_on(writers: list[Writer]) -> None:
    """Wait until every writer has ten more confirmed saves."""
    before = [len(writer.confirmed) for writer in writers]

    async def all_did() -> bool:
        return all(len(writer.confirmed) >= was + 10 for writer, was in zip(writers, before, strict=True))

    await eventually(all_did, within=40)


@stacks.only_real
async def test_killed_engines_are_unavailable_and_lose_no_confirmed_save(tmp_path: Path) -> None:
    async with stacks.own(tmp_path, ("mongo",)) as stack, writing(stack.env["MONGO_URL"], DRIVERS) as writers:
        for name in ("postgres", "mongo", "postgres"):
            await write_on(writers)
            await stack.kill(name)
            await stack.wait_ready(name)
        await stack.stop("postgres")
        outages = sum(writer.outages for writer in writers)
        await stack.restart("postgres")
        await write_on(writers)
        assert outages > 0


@stacks.only_real
@needs_root
async def test_a_full_disk_is_an_outage_that_ends_when_space_is_free(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "size=200m") as disk:
        async with stacks.own(disk / "home", ("mongo",)) as stack, writing(stack.env["MONGO_URL"], DRIVERS) as writers:
            await write_on(writers)
            filler = fill(disk)

            async def all_stopped() -> bool:
                return all(writer.outages for writer in writers)

            await eventually(all_stopped, within=60)
            filler.unlink()
            await write_on(writers)
