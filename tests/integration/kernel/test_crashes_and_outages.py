"""The kernel's promises when engines are unavailable, and when processes crash, hang and restart.

Each test has its own ledger, because it interferes with the process or with the engines behind it.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from deploy.local import LocalStack
from services.common.messaging.consumer.batch_processor import MAX_RECORDS
from tests.integration.kernel.harness import Bench, bench
from tests.integration.kernel.operations import letter_of, load, reason, transactions
from tests.support import topics, undecodable
from tests.support.kafka_proxy import NO_RECORDS, KafkaProxy
from tests.support.proxy import Proxy
from tests.support.waiting import eventually

MIB = 1024 * 1024


@asynccontextmanager
async def behind_a_proxy(engines: LocalStack, folder: Path) -> AsyncIterator[tuple[Bench, Proxy]]:
    """A running ledger that reaches its store through the proxy."""
    address = engines.env["MONGO_URL"].removeprefix("mongodb://").rstrip("/")
    async with Proxy(address) as proxy, bench(engines, folder) as own:
        await own.start(MONGO_URL=f"mongodb://127.0.0.1:{proxy.port}")
        await eventually(own.ready)
        yield own, proxy


class TestCrashesAndOutages:
    async def test_a_record_that_aiokafka_cannot_decode_is_dead_lettered_byte_for_byte_and_the_consumer_goes_on(
        self, engines: LocalStack, tmp_path: Path
    ) -> None:
        async with bench(engines, tmp_path) as own:
            keys = [uuid4() for _ in range(6)]
            await load(own, keys, 5)
            behind = [own.entry(keys[0], amount) for amount in (6, 7)]
            url, topic = own.env["KAFKA_URL"], own.ledger.entries
            bad = [
                await undecodable.append(url, topic, keys[0]),
                await undecodable.append(url, topic, keys[0], *behind),
            ]
            await load(own, keys[1:], 5)
            await own.start()
            await own.settled()
            for position in bad:
                letter = await letter_of(own, position)
                assert dict(letter.headers)["dlq-reason"] == b"undecodable"
                assert (letter.key, letter.value) == (str(keys[0]).encode(), undecodable.VALUE)
                assert letter.headers[0] == ("\\xff\\xfe", b"text")
            await load(own, keys, 1)
            await own.settled()

    async def test_a_partition_with_many_records_does_not_delay_the_other(
        self, engines: LocalStack, tmp_path: Path
    ) -> None:
        async with bench(engines, tmp_path) as own:
            *flooded, calm = own.keys_of(*[0] * 10, 1)
            await own.flood(flooded, 300)
            await own.start()
            await own.enter(calm, 1)

            async def booked() -> bool:
                return bool(await own.account(calm))

            await eventually(booked)
            assert len((await own.account(flooded[0]))["state"]["entries"]) < 200
            await own.settled(within=60)

    async def test_too_many_records_of_one_key_are_refused_and_do_not_delay_others(
        self, engines: LocalStack, tmp_path: Path
    ) -> None:
        async with bench(engines, tmp_path) as own:
            (noisy,) = own.keys_of(0)
            await own.flood([noisy], 3_000)
            beside = own.keys_of(0, 1)
            await load(own, beside, 3)
            own.entered[str(noisy)] = own.entered[str(noisy)][:500]
            await own.start()

            async def refused() -> bool:
                return len((await own.booked())[str(noisy)]) == 3_000

            await eventually(refused, within=60, every=1)
            account = await own.account(noisy)
            assert account["state"]["entries"] == list(range(1, 501))
            assert len(account["inbox"]) == 500
            del own.entered[str(noisy)]
            await own.settled()

    async def test_an_unavailable_store_fails_readiness_and_loses_nothing(
        self, engines: LocalStack, tmp_path: Path
    ) -> None:
        async with behind_a_proxy(engines, tmp_path) as (own, proxy):
            proxy.cut()
            key = uuid4()
            for amount in range(1, 20):
                await own.enter(key, amount)
            await eventually(_not(own.ready))
            proxy.mend()
            await own.settled()
            await eventually(own.ready)

    async def test_a_slow_store_slows_processing_and_neither_fills_memory_nor_ends_the_process(
        self, engines: LocalStack, tmp_path: Path
    ) -> None:
        """At this speed the store never saves a full batch in time: only smaller batches succeed."""
        async with behind_a_proxy(engines, tmp_path) as (own, proxy):
            before = own.memory()
            proxy.pace = 20_000
            for amount in range(1, 4):
                await own.enter_many_keys(500, amount)

            async def some_are_booked() -> bool:
                return await own.database["accounts"].count_documents({}) > 60

            await eventually(some_are_booked, within=80)
            assert own.process is not None
            assert own.process.returncode is None
            assert own.memory() - before < 40 * MIB
            assert "partitions revoked during a batch" not in own.log.read_text()
            proxy.mend()
            await own.settled(within=60)
            assert own.process.returncode is None

    async def test_many_large_records_wait_in_the_log_and_not_in_memory(
        self, engines: LocalStack, tmp_path: Path
    ) -> None:
        async with behind_a_proxy(engines, tmp_path) as (own, proxy):
            before = own.memory()
            proxy.cut()
            for key in own.keys_of(0, 1):
                for amount in range(1, 151):
                    value, headers = own.entry(key, amount)
                    large = value.ljust(250 * 1024)
                    await own.producer.send(own.ledger.entries, value=large, key=str(key).encode(), headers=headers)
            await own.producer.flush()
            await eventually(_not(own.ready))
            proxy.mend()
            await own.settled(within=60)
            assert own.memory() - before < 40 * MIB

    async def test_an_open_transaction_delays_only_its_own_partition_and_readiness_reports_it(
        self, engines: LocalStack, tmp_path: Path
    ) -> None:
        async with bench(engines, tmp_path) as own:
            delayed, other = own.keys_of(0, 1)
            await own.start()
            await eventually(own.ready)
            async with transactions(own) as writer:
                await writer.begin_transaction()
                await own.enter(delayed, 1, "aborted")
                plain = await topics.producer(own.env["KAFKA_URL"])
                own.producer, writing = plain, own.producer
                await load(own, [delayed, other], 1)

                async def readiness_says_so() -> bool:
                    _, body = await own.probe("/health/ready")
                    return "open transaction" in " ".join(body.get("because", ()))

                await eventually(readiness_says_so)
                assert (await own.account(other))["state"]["entries"] == [1]
                assert not await own.account(delayed)
                assert await own.live()
                await plain.stop()
                own.producer = writing
                await writer.abort_transaction()
            await own.settled()
            await eventually(own.ready)

    async def test_a_broker_unavailable_at_start_makes_the_process_wait(
        self, engines: LocalStack, tmp_path: Path
    ) -> None:
        async with Proxy(engines.env["KAFKA_URL"]) as proxy, bench(engines, tmp_path) as own:
            proxy.cut()
            await own.start(KAFKA_URL=f"127.0.0.1:{proxy.port}")
            await own.enter(uuid4(), 1)
            await eventually(own.live)
            assert not await own.ready()
            proxy.mend()
            await own.settled()

    async def test_members_that_join_leave_and_freeze_duplicate_nothing(
        self, engines: LocalStack, tmp_path: Path
    ) -> None:
        """A second member joins, is frozen beyond its session timeout, continues as a zombie, and is killed."""
        async with bench(engines, tmp_path) as own:
            await own.start()
            await eventually(own.ready)
            second = await own.second()
            keys = [uuid4() for _ in range(6)]
            loading = asyncio.create_task(load(own, keys, 120))
            await eventually(second.ready)
            assert second.process is not None
            os.kill(second.process.pid, signal.SIGSTOP)
            await loading
            await own.settled()
            os.kill(second.process.pid, signal.SIGCONT)
            await load(own, keys, 20)
            await second.kill()
            await load(own, keys, 20)
            await own.settled()

    async def test_a_clean_stop_leaves_nothing_to_redeliver(self, engines: LocalStack, tmp_path: Path) -> None:
        """Commits run in the background; the stop waits for the last one."""
        async with bench(engines, tmp_path) as own:
            key = uuid4()
            await own.start(LEDGER_COMMITS_LATE="1")

            async def applied() -> bool:
                return len((await own.account(key)).get("state", {}).get("entries", ())) == 40

            await eventually(own.ready)
            await load(own, [key], 40)
            await eventually(applied, every=0.01)
            assert own.process is not None
            os.kill(own.process.pid, signal.SIGTERM)
            assert await own.died_of() == -signal.SIGTERM
            entered = await topics.read_all(own.env["KAFKA_URL"], own.ledger.entries)
            assert await _committed(own, own.ledger.entries) == {each.partition: each.offset + 1 for each in entered}

    async def test_a_record_that_kills_its_process_is_dead_lettered_within_five_starts(
        self, engines: LocalStack, tmp_path: Path
    ) -> None:
        async with bench(engines, tmp_path) as own:
            keys = [uuid4() for _ in range(3)]
            await load(own, keys, 3)
            killer = await own.enter(keys[0], 99, "killer")
            behind = await own.enter(keys[0], 4, id=f"{keys[0]}-4")
            await load(own, keys[1:], 3)

            async def both_parked() -> bool:
                blocked = (await own.account(keys[0])).get("blocked", ())
                assert [parked["offset"] for parked in blocked] == [killer.offset, behind.offset]
                return True

            starts = 1
            await own.start()
            while await own.died_before(both_parked):
                starts += 1
                await own.start()
            await eventually(both_parked)
            await own.settled()
            assert starts <= 5
            assert await reason(own, killer) == "bug:killed-the-process"

    async def test_a_fatal_record_is_found_behind_a_batch_whose_commit_is_in_progress(
        self, engines: LocalStack, tmp_path: Path
    ) -> None:
        async with bench(engines, tmp_path) as own:
            await own.flood(own.keys_of(*[0] * (MAX_RECORDS + 50)), 1)
            (key,) = own.keys_of(0)
            killer = await own.enter(key, 99, "killer")

            async def blocked() -> bool:
                return bool((await own.account(key)).get("blocked"))

            starts = 1
            await own.start(LEDGER_COMMITS_LATE="1")
            while await own.died_before(blocked):
                starts += 1
                assert starts <= 5
                await own.start(LEDGER_COMMITS_LATE="1")
            await own.settled()
            assert await reason(own, killer) == "bug:killed-the-process"

    async def test_a_process_that_hangs_or_blocks_its_event_loop_ends_itself(
        self, engines: LocalStack, tmp_path: Path
    ) -> None:
        async with bench(engines, tmp_path) as hanging, bench(engines, tmp_path) as spinning:
            for own, how in ((hanging, "book"), (spinning, "spinning")):
                await load(own, [uuid4()], 3)
                await own.enter(uuid4(), 1, how)
            await hanging.start(LEDGER_HANGS="1")
            await spinning.start()
            await asyncio.gather(hanging.died_of(within=30), spinning.died_of(within=30))
            await hanging.start()
            await hanging.settled()

    @pytest.mark.parametrize("how", ["fetches-no-more", "commits-no-more", "coordinates-no-more"])
    async def test_a_consumer_that_is_alive_but_cut_off_ends_its_process_and_the_next_one_goes_on(
        self, how: str, engines: LocalStack, tmp_path: Path
    ) -> None:
        async with bench(engines, tmp_path) as own:
            key, amounts = uuid4(), count(1)
            await own.start(LEDGER_SEVERED=how)

            async def cut_off() -> bool:
                """The process prints this when it has broken its own consumer."""
                return own.log.exists() and "severed" in own.log.read_text()

            async def died() -> bool:
                await own.enter(key, next(amounts))
                assert own.process is not None
                return own.process.returncode is not None

            await eventually(cut_off, within=20, every=0.1)
            await eventually(died, within=30, every=0.5)
            assert "a consumer hangs" in own.log.read_text()
            await own.start()
            await own.settled()

    async def test_a_producer_that_a_living_broker_acknowledges_no_more_ends_its_process_and_the_next_one_goes_on(
        self, engines: LocalStack, tmp_path: Path
    ) -> None:
        async with KafkaProxy(engines.env["KAFKA_URL"]) as proxy, bench(engines, tmp_path) as own:
            url, key = f"127.0.0.1:{proxy.port}", uuid4()
            await own.start(KAFKA_URL=url)
            await own.enter(key, 1)
            await own.settled()
            proxy.behave(NO_RECORDS)
            await own.enter(key, 2)
            assert await own.died_of(within=30) == -signal.SIGTERM
            assert "a producer hangs" in own.log.read_text()
            proxy.mend()
            await own.start(KAFKA_URL=url)
            await own.settled()

    async def test_a_log_truncated_before_it_was_read_halts_the_consumer_and_fails_readiness(
        self, engines: LocalStack, tmp_path: Path
    ) -> None:
        async with bench(engines, tmp_path) as own:
            key = uuid4()
            await own.start()
            await own.enter(key, 1)
            await own.settled()
            await own.kill()
            last = [await own.enter(key, amount) for amount in (2, 3)][-1]
            await _delete_before(own, TopicPartition(last.topic, last.partition), last.offset)
            await own.start()
            await eventually(own.live)
            answer = await eventually(own.data_loss)
            assert "deleted before" in answer
            assert (await own.account(key))["state"]["entries"] == [1], "no record after the gap was processed"


def _not(probe: Any) -> Any:
    async def negated() -> bool:
        return not await probe()

    return negated


async def _committed(ledger: Bench, topic: str) -> dict[int, int]:
    """The committed offsets of the accounts group: partition → offset."""
    admin = AIOKafkaAdminClient(bootstrap_servers=ledger.env["KAFKA_URL"])
    await admin.start()
    try:
        offsets = await admin.list_consumer_group_offsets(f"{ledger.ledger.prefix}-accounts")
    finally:
        await admin.close()
    return {tp.partition: each.offset for tp, each in offsets.items() if tp.topic == topic}


async def _delete_before(ledger: Bench, tp: TopicPartition, offset: int) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=ledger.env["KAFKA_URL"])
    await admin.start()
    try:
        await admin.delete_records({tp: RecordsToDelete(before_offset=offset)})
    finally:
        await admin.close()
