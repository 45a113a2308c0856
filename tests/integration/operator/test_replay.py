"""A group reads a stretch once more: what it lost comes back, what it has stays as it is, and nobody else notices."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from deploy.local import LocalStack
from deploy.operator.errors import OperatorError
from services.common.contracts.operations import OperationBegun, OperationEnded
from services.common.messaging.failpoints import Failpoint
from services.common.messaging.records.redrive import HEADER
from tests.integration.kernel.harness import Bench, bench
from tests.integration.operator.hands import Operator, operator
from tests.support import topics
from tests.support.waiting import eventually


@pytest_asyncio.fixture(loop_scope="session")
async def ana(engines: LocalStack, tmp_path: Path) -> AsyncIterator[Operator]:
    """An operator at a ledger that runs."""
    async with bench(engines, tmp_path) as ledger, operator(ledger, tmp_path) as hand:
        await ledger.start()
        yield hand


async def booked(ledger: Bench, accounts: int, amounts: int) -> list[UUID]:
    """Accounts with as many entries each."""
    keys = [uuid4() for _ in range(accounts)]
    for amount in range(1, amounts + 1):
        for key in keys:
            await ledger.enter(key, amount)
    await ledger.settled()
    return keys


async def lengths(ledger: Bench) -> dict[str, int]:
    """How many records lie on each topic of the ledger."""
    names = (ledger.ledger.entries, ledger.ledger.bookings)
    return {name: len(await topics.read_all(ledger.env["KAFKA_URL"], name)) for name in names}


async def test_a_group_that_lost_its_store_has_it_back_and_no_other_group_takes_a_copy(ana: Operator) -> None:
    ledger = ana.ledger
    await booked(ledger, 3, 8)
    await ledger.database["slips"].delete_many({})
    await ledger.database["books"].delete_many({})

    done = await ana.replay(ledger.ledger.bookings, "slips")

    assert (done.taken, dict(done.left_out)) == (24, {})
    assert await ledger.database["slips"].count_documents({}) == 24
    assert await ledger.database["books"].count_documents({}) == 0
    begun, ended = await ana.recorded()
    assert isinstance(begun, OperationBegun)
    assert (begun.action, begun.planned, begun.terms["topic"]) == ("replay", 24, ledger.ledger.bookings)
    assert isinstance(ended, OperationEnded)
    assert ended.counts == {"replayed": 24}


async def test_what_a_group_has_taken_it_knows_again(ana: Operator) -> None:
    ledger = ana.ledger
    keys = await booked(ledger, 2, 5)
    before = await ledger.account(keys[0])
    said = (await lengths(ledger))[ledger.ledger.bookings]
    for _ in range(2):
        await ana.replay(ledger.ledger.entries, "accounts")
    await ledger.settled()
    assert await ledger.account(keys[0]) == before
    assert (await lengths(ledger))[ledger.ledger.bookings] == said


async def test_copies_are_not_copied_when_the_stretch_is_replayed_again(ana: Operator) -> None:
    ledger = ana.ledger
    await booked(ledger, 2, 5)
    first = await ana.replay(ledger.ledger.bookings, "slips")
    again = await ana.replay(ledger.ledger.bookings, "slips")
    assert (first.taken, again.taken, again.left_out["not-its-own"]) == (10, 10, 10)


@pytest.mark.parametrize("mail", [False, True])
async def test_what_follows_from_a_replay_is_quiet_unless_it_is_to_be_told(mail: bool, ana: Operator) -> None:
    ledger = ana.ledger
    await booked(ledger, 1, 3)
    await ledger.database["accounts"].delete_many({})
    await ana.replay(ledger.ledger.entries, "accounts", mail=mail)
    await ledger.settled()
    said = await topics.read_all(ledger.env["KAFKA_URL"], ledger.ledger.bookings)
    marks = [topics.header(record, "ce_quiet") for record in said]
    assert marks == [None] * 3 + ([None] if mail else ["1"]) * 3
    assert {record.headers.count(("ce_quiet", b"1")) for record in said} <= {0, 1}


async def test_a_stretch_is_cut_by_moments_and_by_offsets(ana: Operator) -> None:
    ledger = ana.ledger
    (key,) = ledger.keys_of(1)
    await ledger.enter(key, 1)
    await ledger.settled()
    middle = datetime.now(UTC)
    for amount in (2, 3):
        await ledger.enter(key, amount)
    await ledger.settled()
    replayed = [
        await ana.replay(ledger.ledger.entries, "accounts", begin=middle),
        await ana.replay(ledger.ledger.entries, "accounts", end=middle),
        await ana.replay(ledger.ledger.entries, "accounts", begin=(1, 1), end=(1, 3)),
        await ana.replay(ledger.ledger.entries, "accounts", begin=(1, 2), end=(1, 3)),
    ]
    assert [each.taken for each in replayed] == [2, 1, 2, 1]
    with pytest.raises(OperatorError, match="no partition 7"):
        await ana.replay(ledger.ledger.entries, "accounts", begin=(7, 1))


async def test_what_lies_among_the_letters_is_left_to_a_redrive(ana: Operator) -> None:
    ledger = ana.ledger
    keys = await booked(ledger, 1, 2)
    await ledger.enter(keys[0], 3, "poison")
    await ledger.enter(keys[0], 4)
    await ledger.settled()

    async def lettered() -> bool:
        return len(await ledger.letters()) == 1

    await eventually(lettered)
    done = await ana.replay(ledger.ledger.entries, "accounts")
    assert (done.taken, dict(done.left_out)) == (3, {"set-aside": 1})
    assert len(await ledger.letters()) == 1


@pytest.mark.parametrize("point", [Failpoint.OPERATION_APPENDED, Failpoint.OPERATION_TAKEN])
async def test_a_replay_that_is_killed_half_way_and_done_again_ends_the_same(point: str, ana: Operator) -> None:
    ledger = ana.ledger
    await booked(ledger, 2, 6)
    await ledger.database["slips"].delete_many({})
    await ana.killed_at(f"{point}:kill@2", "replay")
    await ana.replay(ledger.ledger.bookings, "slips")
    await ledger.settled()
    assert await ledger.database["slips"].count_documents({}) == 12


async def test_a_copy_says_for_whom_it_is_and_is_otherwise_the_record(ana: Operator) -> None:
    ledger = ana.ledger
    (key,) = await booked(ledger, 1, 1)
    await ana.replay(ledger.ledger.entries, "accounts")
    first, copy = await topics.read_all(ledger.env["KAFKA_URL"], ledger.ledger.entries)
    assert (copy.key, copy.value, copy.partition) == (first.key, first.value, first.partition)
    assert copy.headers[:-1] == first.headers
    name, text = copy.headers[-1]
    assert name == HEADER
    told = f"{ana.group} {first.topic} {first.partition} {first.offset} {first.timestamp} quiet "
    assert (text or b"").decode().startswith(told)
    assert str(key) not in told
