"""A replay restores what a group lost, changes nothing that the group has, and is ignored by other groups."""

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
from tests.integration.operator.operator_environment import OperatorEnvironment, operator_environment
from tests.support import topics
from tests.support.waiting import eventually


@pytest_asyncio.fixture(loop_scope="session")
async def environment(engines: LocalStack, tmp_path: Path) -> AsyncIterator[OperatorEnvironment]:
    """A running ledger, and an operator's session on it."""
    async with bench(engines, tmp_path) as ledger, operator_environment(ledger, tmp_path) as environment:
        await ledger.start()
        yield environment


async def booked(ledger: Bench, accounts: int, amounts: int) -> list[UUID]:
    """`accounts` accounts with `amounts` processed entries each."""
    keys = [uuid4() for _ in range(accounts)]
    for amount in range(1, amounts + 1):
        for key in keys:
            await ledger.enter(key, amount)
    await ledger.settled()
    return keys


async def lengths(ledger: Bench) -> dict[str, int]:
    """The number of records on each topic of the ledger."""
    names = (ledger.ledger.entries, ledger.ledger.bookings)
    return {name: len(await topics.read_all(ledger.env["KAFKA_URL"], name)) for name in names}


async def test_a_group_restores_a_lost_store_and_other_groups_ignore_the_copies(
    environment: OperatorEnvironment,
) -> None:
    ledger = environment.ledger
    await booked(ledger, 3, 8)
    await ledger.database["slips"].delete_many({})
    await ledger.database["books"].delete_many({})

    done = await environment.replay(ledger.ledger.bookings, "slips")

    assert (done.processed, dict(done.left_out)) == (24, {})
    assert await ledger.database["slips"].count_documents({}) == 24
    assert await ledger.database["books"].count_documents({}) == 0
    started, ended = await environment.recorded()
    assert isinstance(started, OperationBegun)
    assert (started.action, started.planned, started.terms["topic"]) == ("replay", 24, ledger.ledger.bookings)
    assert isinstance(ended, OperationEnded)
    assert ended.counts == {"replayed": 24}


async def test_a_group_ignores_records_that_it_has_processed(environment: OperatorEnvironment) -> None:
    ledger = environment.ledger
    keys = await booked(ledger, 2, 5)
    before = await ledger.account(keys[0])
    published = (await lengths(ledger))[ledger.ledger.bookings]
    for _ in range(2):
        await environment.replay(ledger.ledger.entries, "accounts")
    await ledger.settled()
    assert await ledger.account(keys[0]) == before
    assert (await lengths(ledger))[ledger.ledger.bookings] == published


async def test_a_second_replay_does_not_copy_the_copies_of_the_first(environment: OperatorEnvironment) -> None:
    ledger = environment.ledger
    await booked(ledger, 2, 5)
    first = await environment.replay(ledger.ledger.bookings, "slips")
    again = await environment.replay(ledger.ledger.bookings, "slips")
    assert (first.processed, again.processed, again.left_out["not-its-own"]) == (10, 10, 10)


@pytest.mark.parametrize("mail", [False, True])
async def test_events_that_follow_from_a_replay_are_quiet_without_mail(
    mail: bool, environment: OperatorEnvironment
) -> None:
    ledger = environment.ledger
    await booked(ledger, 1, 3)
    await ledger.database["accounts"].delete_many({})
    await environment.replay(ledger.ledger.entries, "accounts", mail=mail)
    await ledger.settled()
    bookings = await topics.read_all(ledger.env["KAFKA_URL"], ledger.ledger.bookings)
    marks = [topics.header(record, "ce_quiet") for record in bookings]
    assert marks == [None] * 3 + ([None] if mail else ["1"]) * 3
    assert {record.headers.count(("ce_quiet", b"1")) for record in bookings} <= {0, 1}


async def test_a_range_is_limited_by_times_or_by_offsets(environment: OperatorEnvironment) -> None:
    ledger = environment.ledger
    (key,) = ledger.keys_of(1)
    await ledger.enter(key, 1)
    await ledger.settled()
    middle = datetime.now(UTC)
    for amount in (2, 3):
        await ledger.enter(key, amount)
    await ledger.settled()
    replayed = [
        await environment.replay(ledger.ledger.entries, "accounts", begin=middle),
        await environment.replay(ledger.ledger.entries, "accounts", end=middle),
        await environment.replay(ledger.ledger.entries, "accounts", begin=(1, 1), end=(1, 3)),
        await environment.replay(ledger.ledger.entries, "accounts", begin=(1, 2), end=(1, 3)),
    ]
    assert [each.processed for each in replayed] == [2, 1, 2, 1]
    with pytest.raises(OperatorError, match="no partition 7"):
        await environment.replay(ledger.ledger.entries, "accounts", begin=(7, 1))


async def test_a_replay_leaves_out_dead_lettered_records(environment: OperatorEnvironment) -> None:
    ledger = environment.ledger
    keys = await booked(ledger, 1, 2)
    await ledger.enter(keys[0], 3, "poison")
    await ledger.enter(keys[0], 4)
    await ledger.settled()

    async def dead_lettered() -> bool:
        return len(await ledger.letters()) == 1

    await eventually(dead_lettered)
    done = await environment.replay(ledger.ledger.entries, "accounts")
    assert (done.processed, dict(done.left_out)) == (3, {"set-aside": 1})
    assert len(await ledger.letters()) == 1


@pytest.mark.parametrize("point", [Failpoint.OPERATION_APPENDED, Failpoint.OPERATION_PROCESSED])
async def test_a_killed_replay_can_be_repeated(point: str, environment: OperatorEnvironment) -> None:
    ledger = environment.ledger
    await booked(ledger, 2, 6)
    await ledger.database["slips"].delete_many({})
    await environment.run_killed_at(f"{point}:kill@2", "replay")
    await environment.replay(ledger.ledger.bookings, "slips")
    await ledger.settled()
    assert await ledger.database["slips"].count_documents({}) == 12


async def test_a_copy_equals_its_record_except_for_the_header_that_names_the_group(
    environment: OperatorEnvironment,
) -> None:
    ledger = environment.ledger
    (key,) = await booked(ledger, 1, 1)
    await environment.replay(ledger.ledger.entries, "accounts")
    first, copy = await topics.read_all(ledger.env["KAFKA_URL"], ledger.ledger.entries)
    assert (copy.key, copy.value, copy.partition) == (first.key, first.value, first.partition)
    assert copy.headers[:-1] == first.headers
    name, text = copy.headers[-1]
    assert name == HEADER
    expected = f"{environment.group} {first.topic} {first.partition} {first.offset} {first.timestamp} quiet "
    assert (text or b"").decode().startswith(expected)
    assert str(key) not in expected
