"""One ledger under test: its topics, its process (which may be told where to die), and what is left to count."""

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
from services.common.store import Database, connect, database, disconnect, said_between, translate_store_errors
from tests.integration.kernel.ledger import Ledger, ledger
from tests.support import stacks, topics, warm
from tests.support.waiting import eventually

Headers = list[tuple[str, bytes | None]]


@dataclass(slots=True)
class Bench:
    """A ledger on real engines. `entered` remembers what was sent, by key, in order."""

    ledger: Ledger
    env: dict[str, str]
    port: int
    log: Path
    producer: AIOKafkaProducer
    database: Database
    port_of: Callable[[str], int]
    process: warm.Process | None = None
    engines: LocalStack | None = None
    env_now: dict[str, str] = field(default_factory=dict)
    replacements: int = 0
    entered: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    async def start(self, failpoint: str | None = None, **env: str) -> None:
        self.env_now = env
        variables = os.environ | self.env | env | ({"POSTIGO_FAILPOINT": failpoint} if failpoint else {})
        program = "tests.integration.kernel.program"
        self.process = await asyncio.to_thread(warm.Process, program, [self.ledger.prefix], variables, self.log)

    async def died_of(self, within: float = 30) -> int:
        """Wait for the process to end; its return code, negative for a signal."""
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
        """Another member of the same groups, started."""
        port = self.port_of(f"{self.ledger.prefix}-2")
        other = replace(self, port=port, env=self.env | {"INTERNAL_PORT": str(port)}, process=None)
        await other.start(POSTIGO_INSTANCE="2")
        return other

    async def probe(self, path: str) -> tuple[int, dict[str, Any]]:
        """The status and body of a health probe; 0 while nobody listens."""

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

    async def trouble(self) -> str:
        """Why the process is not ready, once its subscriptions run; empty when it is."""
        status, body = await self.probe("/health/ready")
        because = " ".join(body.get("because", ()))
        return because if status == 503 and "deleted" in because else ""

    async def enter(
        self, key: UUID, amount: int, how: str = "book", *, opens: bool = False, **about: Any
    ) -> ConsumerRecord[bytes, bytes]:
        """Append an entry, perhaps one that `opens` the account; where it lies. `about` may replace `id`, `value`, `headers` or `topic`."""
        kind = self.ledger.opened if opens else self.ledger.entered
        event = kind(request_id=key, reference=reference_of(key), amount=amount, how=how)
        identifier = about.get("id") or str(derived_id("test", str(key), amount, how))
        headers = about.get("headers") or headers_of(event.TYPE, identifier)
        value = about.get("value", event.model_dump_json().encode())
        if how in ("book", "bulky", "timer", "second") and not about:
            self.entered[str(key)].append(amount)
        topic = about.get("topic", self.ledger.entries)
        return await self.producer.send_and_wait(topic, value=value, key=str(key).encode(), headers=headers)

    def entry(self, key: UUID, amount: int) -> tuple[bytes, list[tuple[str, bytes]]]:
        """The value and the headers of an entry that somebody else appends: it counts as entered."""
        event = self.ledger.entered(request_id=key, reference=reference_of(key), amount=amount)
        self.entered[str(key)].append(amount)
        headers = [("ce_id", str(derived_id("test", str(key), amount)).encode()), ("ce_type", event.TYPE.encode())]
        return event.model_dump_json().encode(), headers

    async def flood(self, keys: Sequence[UUID], count: int) -> None:
        """Enter `count` amounts of each key at once."""
        amounts = [amount for amount in range(1, count + 1) for _ in keys]
        await self._enter_all([*keys] * count, amounts)

    async def crowd(self, count: int, amount: int) -> None:
        """Enter an amount of `count` keys at once, the same keys each time."""
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
        """New keys that lie in these partitions, one for each that is named."""
        return [next(key for key in iter(uuid4, None) if self._partition_of(key) == each) for each in partitions]

    def _partition_of(self, key: UUID) -> int:
        return int((murmur2(str(key).encode()) & 0x7FFFFFFF) % self.ledger.topics()[self.ledger.entries])

    def memory(self) -> int:
        """The most bytes that were resident at once in the process."""
        assert self.process is not None
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))

    async def account(self, key: UUID) -> dict[str, Any]:
        found = await self.database["accounts"].find_one({"_id": str(key)})
        return found or {}

    async def booked(self) -> dict[str, list[dict[str, Any]]]:
        """What was said, by key, first time each id was met, in the order of the log."""
        said: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        met: set[str] = set()
        for record in await topics.read_all(self.env["KAFKA_URL"], self.ledger.bookings):
            identifier = topics.header(record, "ce_id")
            assert identifier is not None
            assert record.key is not None
            assert record.value is not None
            if identifier not in met:
                met.add(identifier)
                event = self.ledger.booked.model_validate_json(record.value)
                said[record.key.decode()].append({"id": identifier, "seq": event.seq, "amount": event.amount})
        return said

    async def letters(self) -> list[ConsumerRecord[bytes, bytes]]:
        return await topics.read_all(self.env["KAFKA_URL"], self.ledger.letters)

    async def all_booked(self) -> bool:
        """Every entry sent by `enter` is booked once, in order, said once, seen by the view and made a slip.

        The cheap look first: this is asked again and again.
        """
        accounts = await self._of("accounts", "_id")
        for key, amounts in self.entered.items():
            (account,) = accounts[key] or ({},)
            assert list((account.get("state") or {}).get("entries", ())) == amounts, "lost, doubled or reordered"
            assert not account["outbox"], "outbox not cleared"
        books, slips = await self._of("books", "_id"), await self._of("slips", "key")
        said = await self.booked()
        kept = await self.kept()
        for key, amounts in self.entered.items():
            assert kept[key] == [(line["id"], line["seq"]) for line in said[key]], "kept other than said"
            assert [line["seq"] for line in said[key]] == list(range(1, len(said[key]) + 1)), "said out of order"
            found = [line["amount"] for line in said[key] if line["amount"]]
            assert found == amounts, f"said other than booked: {found} for {amounts}"
            lines = books[key][0]["state"]["lines"] if books[key] else {}
            assert len(lines) == len(said[key]), "view behind"
            assert len(slips[key]) == len(said[key]), "slips behind"
        return True

    async def kept(self) -> dict[str, list[tuple[str, int]]]:
        """What the accounts keep of what they said, by key: event ids and numbers, each once, in the order of the numbers."""
        kept: defaultdict[str, dict[str, int]] = defaultdict(dict)
        accounts, older = self.database["accounts"], self.database["timelines"]
        async for entries in said_between(accounts, older, "", "~"):
            for each in entries:
                event = self.ledger.booked.model_validate_json(each.value)
                kept[str(event.request_id)].setdefault(each.id, event.seq)
        numbered = {key: sorted(entries.items(), key=lambda entry: entry[1]) for key, entries in kept.items()}
        return defaultdict(list, numbered)

    async def _of(self, collection: str, name: str) -> dict[str, list[dict[str, Any]]]:
        """What a collection holds of the keys that were entered, by key."""
        found: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        for each in await self.database[collection].find({name: {"$in": list(self.entered)}}).to_list(None):
            found[each[name]].append(each)
        return found

    async def replaced(self) -> None:
        """Start the process again, as its supervisor would, if it found that it hangs and ended itself: now and then the
        client library is not answered any more after a broker or a member of its group has died.
        """
        ended = self.process is not None and self.process.returncode is not None
        if ended and "a consumer hangs" in self.log.read_text()[-20_000:]:
            self.replacements += 1
            assert self.replacements == 1, f"it hung a second time:\n{self.log.read_text()[-4_000:]}"
            self.log.write_text("")
            await self.start(**self.env_now)

    async def _settled(self) -> bool:
        await self.replaced()
        try:
            with translate_store_errors():
                return await self.all_booked()
        except StoreUnavailable:
            # It has just been killed, and we ask it ourselves.
            return False

    async def settled(self, within: float = 40) -> None:
        """Longer than it takes to notice a consumer that hangs, and to replace its process."""
        try:
            await eventually(self._settled, within=within, every=0.2)
        except AssertionError as error:
            error.add_note(f"What the process said last:\n{self.log.read_text()[-4_000:]}")
            raise


def headers_of(ce_type: str, identifier: str) -> Headers:
    return [("ce_specversion", b"1.0"), ("ce_id", identifier.encode()), ("ce_type", ce_type.encode())]


@asynccontextmanager
async def bench(engines: LocalStack, folder: Path, **env: str) -> AsyncIterator[Bench]:
    """A ledger with topics, database and port of its own; its process is not started yet."""
    prefix = f"k{uuid4().hex[:10]}"
    names = ledger(prefix)
    await topics.create(engines.env["KAFKA_URL"], names.topics())
    variables = engines.env | {"INTERNAL_PORT": str(engines.port(prefix))} | env
    client = connect(engines.env["MONGO_URL"])
    made = Bench(
        ledger=names,
        env=variables,
        port=engines.port(prefix),
        log=folder / f"{prefix}.log",
        producer=await topics.producer(engines.env["KAFKA_URL"]),
        database=database(client, f"{stacks.prefix(engines)}_{prefix}"),
        port_of=engines.port,
    )
    try:
        yield made
    finally:
        if made.process is not None:
            await made.kill()
        await made.producer.stop()
        if stacks.GIVEN:
            await client.drop_database(made.database.name)
            await topics.delete(engines.env["KAFKA_URL"], names.topics())
        await disconnect(client)
