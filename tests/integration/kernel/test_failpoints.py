"""Kills the process at every failpoint of the kernel and restarts it: no record is lost, duplicated or reordered."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from deploy.local import LocalStack
from services.common.domain.identifiers import reference_of
from services.common.messaging.failpoints import Failpoint
from services.common.messaging.handlers.processor import ROUND_SIZE
from tests.integration.kernel.harness import Bench, bench
from tests.integration.kernel.ledger import UNLUCKY
from tests.integration.kernel.operations import discard
from tests.support import topics, undecodable
from tests.support.proxy import Proxy
from tests.support.waiting import eventually

Load = Callable[[Bench], Awaitable[None]]


async def plain(bench: Bench) -> None:
    """Three accounts, twelve entries each, interleaved."""
    keys = [uuid4() for _ in range(3)]
    for amount in range(1, 13):
        for key in keys:
            await bench.enter(key, amount)


async def unreadable(bench: Bench) -> None:
    await plain(bench)
    await bench.enter(uuid4(), 1, value=b"{not json")
    await undecodable.append(bench.env["KAFKA_URL"], bench.ledger.entries, uuid4())
    await plain(bench)


async def poisoned(bench: Bench) -> None:
    await plain(bench)
    await bench.enter(uuid4(), 1, "poison")
    await plain(bench)


async def buggy(bench: Bench) -> None:
    """A bug of ours on one account, whose later entries are parked; other accounts go on."""
    broken = uuid4()
    await bench.enter(broken, 1, "bug")
    for amount in (2, 3):
        await bench.enter(broken, amount, value=_entry(bench, broken, amount))
    await plain(bench)


def _entry(bench: Bench, key: UUID, amount: int) -> bytes:
    """The value of an entry that is not added to `entered`, because it will be parked."""
    event = bench.ledger.entered(request_id=key, reference=reference_of(key), amount=amount)
    return bytes(event.model_dump_json().encode())


async def suspected(bench: Bench) -> None:
    """Two crashes, the second with the batch in the journal: its records are then processed one at a time."""
    await plain(bench)
    for point in (Failpoint.BATCH_READ, Failpoint.BATCH_PROCESSED):
        await bench.start(f"{point}:kill")
        await bench.died_of()


async def killing(bench: Bench) -> None:
    """A fatal record that has crashed the process four times: the next run dead-letters it."""
    await plain(bench)
    await bench.enter(uuid4(), 1, "killer")
    for _ in range(4):
        await bench.start()
        await bench.died_of()


async def discarded(bench: Bench, *, whole: bool = False) -> None:
    """A blocked account, and the record that discards its parked entry; `whole`: with the content of the entry."""
    broken = uuid4()
    failed = await bench.enter(broken, 1, "bug")

    async def blocked() -> bool:
        return bool((await bench.account(broken)).get("blocked"))

    await bench.start()
    await eventually(blocked)
    await bench.kill()
    await discard(bench, broken, failed, bug=1 if whole else None)
    bench.entered[str(broken)] = []
    await plain(bench)


async def discarded_whole(bench: Bench) -> None:
    await discarded(bench, whole=True)


async def bulky(bench: Bench) -> None:
    """The events of one account, in two rounds, need more space than a timeline has in its document."""
    key = uuid4()
    await plain(bench)
    for amount in range(1, ROUND_SIZE + 8):
        await bench.enter(key, amount, "bulky")


async def timed(bench: Bench) -> None:
    await plain(bench)
    await bench.enter(uuid4(), 1, "timer")


async def timed_with_a_bug(bench: Bench) -> None:
    """Two timers, one of which cannot fire."""
    await bench.enter(uuid4(), UNLUCKY, "timer")
    await timed(bench)


async def left_unsent(bench: Bench) -> None:
    """An outbox entry that no record will publish again: only the sweeper can."""
    key = uuid4()
    event = bench.ledger.booked(request_id=key, reference=reference_of(key), seq=1, amount=7)
    bench.entered[str(key)].append(7)
    long_ago = datetime.now(UTC) - timedelta(minutes=5)
    entry = {
        "id": str(uuid4()),
        "topic": event.topic,
        "key": event.key,
        "headers": {name: text.decode() for name, text in topics.attributes(event.TYPE, "left-unsent")},
        "value": event.model_dump_json().encode(),
        "at": long_ago,
    }
    timeline_entry = {"sequence": "1", "id": "left-unsent", "type": event.TYPE, "cause": "-", "correlation": "-"}
    await plain(bench)
    for partition in (0, 1):
        await bench.database["accounts"].insert_one(
            {
                "_id": str(key) if partition == 0 else f"-{key}",
                "version": 1,
                "partition": partition,
                "state": {"entries": [7], "published": 1, "closes_at": None},
                "outbox": [entry],
                "timeline": [timeline_entry | {"at": long_ago, "value": entry["value"]}],
            }
        )


PLAIN = (
    Failpoint.LOG_STARTS_KNOWN,
    Failpoint.OFFSETS_LEARNED,
    Failpoint.BATCH_READ,
    Failpoint.BATCH_JOURNALED,
    Failpoint.GUARD_PROCESSED,
    Failpoint.LOADED,
    Failpoint.FOLDED,
    Failpoint.TOPICS_KNOWN,
    Failpoint.PARKED,
    Failpoint.SAVED,
    Failpoint.PUBLISHED,
    Failpoint.CLEARED,
    Failpoint.BATCH_PROCESSED,
    Failpoint.PROCESSED,
    Failpoint.COMMITTED,
    Failpoint.PROJECTION_LOADED,
    Failpoint.PROJECTION_SAVED,
    Failpoint.INSERTED,
    Failpoint.SWEEP_ENDS_NOTED,
    Failpoint.SWEEP_DUE_FOUND,
    Failpoint.SWEEP_ROUND_FIRED,
)
SCENARIOS: Mapping[Failpoint, Load] = dict.fromkeys(PLAIN, plain) | {
    Failpoint.UNREADABLE_DEAD_LETTERED: unreadable,
    Failpoint.POISON_DEAD_LETTERED: poisoned,
    Failpoint.POISON_ANSWERED: poisoned,
    Failpoint.FIRST_HALF_PROCESSED: poisoned,
    Failpoint.DISCARDED_ANSWERED: discarded,
    Failpoint.DISCARDED_SAVED: discarded_whole,
    Failpoint.UNBLOCKED: discarded_whole,
    Failpoint.TIMELINES_READ: bulky,
    Failpoint.TIMELINES_MOVED: bulky,
    Failpoint.BUG_DEAD_LETTERED: buggy,
    Failpoint.BLOCKED_LOADED: buggy,
    Failpoint.BLOCKED: buggy,
    Failpoint.PARKED_LETTERS_SENT: buggy,
    Failpoint.SWEEP_TIMERS_FIRED: timed_with_a_bug,
    Failpoint.SWEEP_TIMER_FIRED: timed_with_a_bug,
    Failpoint.SWEEP_STALE_FOUND: left_unsent,
    Failpoint.FAILED_DEAD_LETTERED: buggy,
    Failpoint.ATTEMPTS_READ: suspected,
    Failpoint.ATTEMPT_COUNTED: suspected,
    Failpoint.PROCESSED_ALONE: suspected,
    Failpoint.ATTEMPTS_CLEARED: suspected,
    Failpoint.OUTCOME_ALONE: suspected,
    Failpoint.FATAL_PARKED: killing,
    Failpoint.FATAL_DEAD_LETTERED: killing,
}


@pytest.mark.parametrize("point", sorted(SCENARIOS))
async def test_a_kill_at_any_step_loses_and_duplicates_nothing(
    point: Failpoint, engines: LocalStack, tmp_path: Path
) -> None:
    async with bench(engines, tmp_path) as ledger:
        await SCENARIOS[point](ledger)
        await ledger.start(f"{point}:kill")
        assert await ledger.died_of() == -signal.SIGKILL, f"{point} was never reached"
        await plain(ledger)
        await ledger.start()
        await ledger.settled()
        if SCENARIOS[point] in (unreadable, poisoned):
            assert await ledger.answers() == await _dead_lettered(ledger)
        if SCENARIOS[point] is buggy:
            await _is_parked_in_order(ledger)
        if SCENARIOS[point] in (discarded, discarded_whole):
            await _is_discarded(ledger)


async def _is_discarded(ledger: Bench) -> None:
    """Nothing is parked, and the author of the one dead-lettered entry was answered once, in one of the two ways."""
    assert not await ledger.database["accounts"].find_one({"blocked.0": {"$exists": True}})
    answers = [line for lines in (await ledger.booked()).values() for line in lines if not line["amount"]]
    assert len(answers) + len(await ledger.answers()) == len(await _dead_lettered(ledger)) == 1


async def _dead_lettered(ledger: Bench) -> list[tuple[int, int, str]]:
    """Partition, offset and reason of every dead-lettered record."""
    found = set()
    for letter in await ledger.letters():
        headers = {name: (text or b"").decode() for name, text in letter.headers if name.startswith("dlq-")}
        found.add((int(headers["dlq-partition"]), int(headers["dlq-offset"]), headers["dlq-reason"]))
    assert found
    return sorted(found)


async def _is_parked_in_order(ledger: Bench) -> None:
    """The account's blocked list has the failed entry and the later ones, in order, each with a dead letter."""
    blocked = [found async for found in ledger.database["accounts"].find({"blocked.0": {"$exists": True}})]
    assert len(blocked) == 1
    offsets = [parked["offset"] for parked in blocked[0]["blocked"]]
    assert len(offsets) == 3
    assert offsets == sorted(offsets)
    letters = {int(dict(letter.headers)["dlq-offset"] or b"-1") for letter in await ledger.letters()}
    assert letters == set(offsets)


async def test_a_kill_after_a_version_conflict_changes_nothing(engines: LocalStack, tmp_path: Path) -> None:
    """Another writer saves the same account all the time, so that the process gets version conflicts."""
    async with bench(engines, tmp_path) as ledger:
        key = uuid4()
        await ledger.enter(key, 1)
        await ledger.start(f"{Failpoint.SAVE_CONFLICTED}:kill")
        async with _overtaking(ledger, key):
            dead = asyncio.create_task(ledger.died_of())
            for amount in count(2):
                await ledger.enter(key, amount)
                await eventually(partial(_has_booked, ledger, key, amount, unless=dead))
                if dead.done():
                    break
            assert await dead == -signal.SIGKILL
        await ledger.start()
        await ledger.settled()


async def _has_booked(ledger: Bench, key: UUID, amount: int, *, unless: asyncio.Task[int]) -> bool:
    """Entries are appended one at a time, because an account refuses entries beyond its inbox limit."""
    return unless.done() or amount in ((await ledger.account(key)).get("state") or {}).get("entries", ())


@asynccontextmanager
async def _overtaking(ledger: Bench, key: UUID) -> AsyncIterator[None]:
    async def bump() -> None:
        while True:
            await ledger.database["accounts"].update_one({"_id": str(key)}, {"$inc": {"version": 1}})

    task = asyncio.create_task(bump())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_a_kill_while_the_store_is_unavailable_loses_nothing(engines: LocalStack, tmp_path: Path) -> None:
    address = engines.env["MONGO_URL"].removeprefix("mongodb://").rstrip("/")
    async with Proxy(address) as proxy, bench(engines, tmp_path) as ledger:
        url = f"mongodb://127.0.0.1:{proxy.port}"
        await ledger.start(f"{Failpoint.WILL_RETRY}:kill", MONGO_URL=url)
        await plain(ledger)
        await ledger.settled()
        proxy.cut()
        await plain(ledger)
        assert await ledger.died_of() == -signal.SIGKILL
        proxy.mend()
        await ledger.start(MONGO_URL=url)
        await ledger.settled()


def test_every_failpoint_of_the_kernel_has_a_kill_test() -> None:
    here = set(SCENARIOS) | {Failpoint.SAVE_CONFLICTED, Failpoint.WILL_RETRY}
    begins = ("submit-", "act-", "draft-", "delivery-", "operation-")
    elsewhere = {point for point in Failpoint if point.startswith(begins)}
    assert set(Failpoint) == here | elsewhere
