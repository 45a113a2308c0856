"""The bench of a kernel test: a ledger's topics, its process with an optional failpoint, and checks of the result."""

import asyncio
import json
import os
import signal
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from aiokafka import AIOKafkaProducer, ConsumerRecord
from aiokafka.partitioner import murmur2

from deploy.local import LocalStack
from services.common.domain.errors import StoreUnavailable
from services.common.domain.identifiers import derived_id, reference_of
from services.common.store import Database, connect, database, disconnect, read_timelines, translate_store_errors
from tests.integration.kernel.ledger import Ledger, ledger
from tests.support import stacks, topics, warm
from tests.support.waiting import eventually

Headers = list[tuple[str, bytes | None]]


@dataclass(slots=True)
class Bench:
    """A ledger on real engines. `entered` holds the amounts that were sent: key → amounts, in order."""

    ledger: Ledger
    env: dict[str, str]
    port: int
    log: Path
    producer: AIOKafkaProducer
    database: Database
    port_of: Callable[[str], int]
    process: warm.Process | None = None
    engines: LocalStack | None = None
    last_env: dict[str, str] = field(default_factory=dict)
    replacements: int = 0
    entered: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    async def start(self, failpoint: str | None = None, **env: str) -> None:
        """Start the process, with `env` added to its environment; a failpoint such as `saved:kill` ends it."""
        self.last_env = env
        variables = os.environ | self.env | env | ({"POSTIGO_FAILPOINT": failpoint} if failpoint else {})
        program = "tests.integration.kernel.program"
        self.process = await asyncio.to_thread(warm.Process, program, [self.ledger.prefix], variables, self.log)

    async def died_of(self, within: float = 30) -> int:
        """Wait for the process to end. Returns its return code, negative for a signal."""
        assert self.process is not None
        return await asyncio.wait_for(self.process.wait(), within)

    async def died_before(self, probe: Callable[[], Awaitable[bool]], within: float = 30) -> bool:
        """Whether the process ended by itself before `probe` held."""
        assert self.process is not None
        dead = asyncio.create_task(self.process.wait())
        held = asyncio.create_task(eventually(probe, within=within, every=0.2))
        await asyncio.wait([dead, held], return_when=asyncio.FIRST_COMPLETED)
        if dead.done():
            held.cancel()
            return True
        return not await held

    async def kill(self) -> None:
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGKILL)
            await self.process.wait()

    async def second(self) -> "Bench":
        """Start another member of the same groups."""
        port = self.port_of(f"{self.ledger.prefix}-2")
        other = replace(self, port=port, env=self.env | {"INTERNAL_PORT": str(port)}, process=None)
        await other.start(POSTIGO_INSTANCE="2")
        return other

    async def probe(self, path: str) -> tuple[int, dict[str, Any]]:
        """The status and body of a health probe; status 0 if nothing listens."""

        def ask() -> tuple[int, dict[str, Any]]:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                    return int(answer.status), json.load(answer)
            except urllib.error.HTTPError as error:
                return error.code, json.load(error)
            except OSError:
                return 0, {}

        return await asyncio.to_thread(ask)

    async def ready(self) -> bool:
        return (await self.probe("/health/ready"))[0] == 200

    async def live(self) -> bool:
        return (await self.probe("/health/live"))[0] == 200

    async def data_loss(self) -> str:
        """Why the process is not ready, if records were deleted before it read them; otherwise empty."""
        status, body = await self.probe("/health/ready")
        because = " ".join(body.get("because", ()))
        return because if status == 503 and "deleted" in because else ""

    async def enter(
        self, key: UUID, amount: int, how: str = "book", *, opens: bool = False, **about: Any
    ) -> ConsumerRecord[bytes, bytes]:
        """Append an entry, or with `opens` a creation event. Returns its metadata.

        `about` may replace `id`, `value`, `headers` or `topic`; the entry is then not added to `entered`.
        """
        kind = self.ledger.opened if opens else self.ledger.entered
        event = kind(request_id=key, reference=reference_of(key), amount=amount, how=how)
        identifier = about.get("id") or str(derived_id("test", str(key), amount, how))
        headers = about.get("headers") or topics.attributes(event.TYPE, identifier)
        value = about.get("value", event.model_dump_json().encode())
        if how in ("book", "bulky", "timer", "second") and not about:
            self.entered[str(key)].append(amount)
        topic = about.get("topic", self.ledger.entries)
        return await self.producer.send_and_wait(topic, value=value, key=str(key).encode(), headers=headers)

    def entry(self, key: UUID, amount: int) -> tuple[bytes, list[tuple[str, bytes]]]:
        """The value and headers of an entry that the caller appends. It is added to `entered`."""
        event = self.ledger.entered(request_id=key, reference=reference_of(key), amount=amount)
        self.entered[str(key)].append(amount)
        headers = topics.attributes(event.TYPE, str(derived_id("test", str(key), amount)))
        return event.model_dump_json().encode(), headers

    async def flood(self, keys: Sequence[UUID], count: int) -> None:
        """Append `count` entries of each key, without waiting in between."""
        amounts = [amount for amount in range(1, count + 1) for _ in keys]
        await self._enter_all([*keys] * count, amounts)

    async def enter_many_keys(self, count: int, amount: int) -> None:
        """Append one entry of each of `count` keys. Each call uses the same keys."""
        keys = [UUID(int=number) for number in range(1, count + 1)]
        await self._enter_all(keys, [amount] * count)

    async def _enter_all(self, keys: Sequence[UUID], amounts: Sequence[int]) -> None:
        sent = []
        for key, amount in zip(keys, amounts, strict=True):
            value, headers = self.entry(key, amount)
            sent.append(
                await self.producer.send(self.ledger.entries, value=value, key=str(key).encode(), headers=headers)
            )
        await asyncio.gather(*sent)

    def keys_of(self, *partitions: int) -> list[UUID]:
        """New keys, one for each of these partitions, in order."""
        return [next(key for key in iter(uuid4, None) if self._partition_of(key) == each) for each in partitions]

    def _partition_of(self, key: UUID) -> int:
        return int((murmur2(str(key).encode()) & 0x7FFFFFFF) % self.ledger.topics()[self.ledger.entries])

    def memory(self) -> int:
        """The process's peak resident memory, in bytes."""
        assert self.process is not None
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))

    async def account(self, key: UUID) -> dict[str, Any]:
        """The account as it is stored; empty if it is not."""
        found = await self.database["accounts"].find_one({"_id": str(key)})
        return found or {}

    async def booked(self) -> dict[str, list[dict[str, Any]]]:
        """The published bookings: key → bookings in the order of the log, repeated ids left out."""
        published: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        ids: set[str] = set()
        for record in await topics.read_all(self.env["KAFKA_URL"], self.ledger.bookings):
            identifier = topics.header(record, "ce_id")
            assert identifier is not None
            assert record.key is not None
            assert record.value is not None
            if identifier not in ids:
                ids.add(identifier)
                event = self.ledger.booked.model_validate_json(record.value)
                published[record.key.decode()].append({"id": identifier, "seq": event.seq, "amount": event.amount})
        return published

    async def letters(self) -> list[ConsumerRecord[bytes, bytes]]:
        return await topics.read_all(self.env["KAFKA_URL"], self.ledger.letters)

    async def answers(self) -> list[tuple[int, int, str]]:
        """Partition, offset and reason of every record whose author was answered, repeated ids left out."""
        records = await topics.read_all(self.env["KAFKA_URL"], self.ledger.answers)
        distinct = {topics.header(record, "ce_id"): record.value or b"" for record in records}
        events = [self.ledger.answered.model_validate_json(value) for value in distinct.values()]
        return sorted((event.partition, event.offset, event.reason) for event in events)

    async def all_booked(self) -> bool:
        """Every entry in `entered` is booked once, in order, published once, and applied to the view and the slips.

        The cheap check comes first, because this is polled.
        """
        accounts = await self._of("accounts", "_id")
        for key, amounts in self.entered.items():
            (account,) = accounts[key] or ({},)
            assert list((account.get("state") or {}).get("entries", ())) == amounts, "lost, duplicated or reordered"
            assert not account["outbox"], "outbox not cleared"
        books, slips = await self._of("books", "_id"), await self._of("slips", "key")
        published = await self.booked()
        timelines = await self.timelines()
        for key, amounts in self.entered.items():
            lines_published = published[key]
            assert timelines[key] == [(line["id"], line["seq"]) for line in lines_published], "timeline differs"
            assert [line["seq"] for line in lines_published] == list(range(1, len(lines_published) + 1)), "out of order"
            found = [line["amount"] for line in lines_published if line["amount"]]
            assert found == amounts, f"published {found}, booked {amounts}"
            lines = books[key][0]["state"]["lines"] if books[key] else {}
            assert len(lines) == len(lines_published), "view behind"
            assert len(slips[key]) == len(lines_published), "slips behind"
        return True

    async def timelines(self) -> dict[str, list[tuple[str, int]]]:
        """The stored timelines: key → (event id, sequence number), without duplicates, in the order of the numbers."""
        found: defaultdict[str, dict[str, int]] = defaultdict(dict)
        accounts, older = self.database["accounts"], self.database["timelines"]
        async for entries in read_timelines(accounts, older, "", "~"):
            for each in entries:
                event = self.ledger.booked.model_validate_json(each.value)
                found[str(event.request_id)].setdefault(each.id, event.seq)
        ordered = {key: sorted(entries.items(), key=lambda entry: entry[1]) for key, entries in found.items()}
        return defaultdict(list, ordered)

    async def _of(self, collection: str, name: str) -> dict[str, list[dict[str, Any]]]:
        """The documents of a collection for the keys in `entered`: key → documents."""
        found: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        for each in await self.database[collection].find({name: {"$in": list(self.entered)}}).to_list(None):
            found[each[name]].append(each)
        return found

    async def replaced(self) -> None:
        """Restart the process, as its supervisor would, if it ended itself because a consumer hung.

        This happens sometimes: after the death of a broker or of a group member, aiokafka may get no more answers.
        """
        ended = self.process is not None and self.process.returncode is not None
        if ended and "a consumer hangs" in self.log.read_text()[-20_000:]:
            self.replacements += 1
            assert self.replacements == 1, f"it hung a second time:\n{self.log.read_text()[-4_000:]}"
            self.log.write_text("")
            await self.start(**self.last_env)

    async def _settled(self) -> bool:
        await self.replaced()
        try:
            with translate_store_errors():
                return await self.all_booked()
        except StoreUnavailable:
            # The test has just killed the store, and this check needs it too.
            return False

    async def settled(self, within: float = 40) -> None:
        """Wait until `all_booked`. The bound is longer than it takes to detect a hung consumer and to restart its process."""
        try:
            await eventually(self._settled, within=within, every=0.2)
        except AssertionError as error:
            error.add_note(f"The end of the process's log:\n{self.log.read_text()[-4_000:]}")
            raise


@asynccontextmanager
async def bench(engines: LocalStack, folder: Path, **env: str) -> AsyncIterator[Bench]:
    """A ledger with its own topics, database and port. Its process is not started."""
    prefix = f"k{uuid4().hex[:10]}"
    names = ledger(prefix)
    await topics.create(engines.env["KAFKA_URL"], names.topics())
    variables = engines.env | {"INTERNAL_PORT": str(engines.port(prefix))} | env
    client = connect(engines.env["MONGO_URL"])
    created = Bench(
        ledger=names,
        env=variables,
        port=engines.port(prefix),
        log=folder / f"{prefix}.log",
        producer=await topics.producer(engines.env["KAFKA_URL"]),
        database=database(client, f"{stacks.prefix(engines)}_{prefix}"),
        port_of=engines.port,
    )
    try:
        yield created
    finally:
        if created.process is not None:
            await created.kill()
        await created.producer.stop()
        if stacks.GIVEN:
            await client.drop_database(created.database.name)
            await topics.delete(engines.env["KAFKA_URL"], names.topics())
        await disconnect(client)
