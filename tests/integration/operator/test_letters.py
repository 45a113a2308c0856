"""Redrive and discard dead letters: in order, once, recorded, and repeatable after a kill at any step."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from deploy.local import LocalStack
from deploy.operator import operations
from deploy.operator.errors import OperatorError
from deploy.operator.group_progress import RateLimiter
from deploy.operator.plan import plan_redrive
from deploy.operator.redriving import Redriver
from services.common.contracts.operations import LettersEnded, OperationBegun, OperationEnded
from services.common.messaging.failpoints import Failpoint
from services.common.messaging.records.positions import moment
from tests.integration.kernel.harness import Bench, bench
from tests.integration.kernel.operations import letter_of
from tests.integration.operator.operator_environment import (
    ANA,
    OperatorEnvironment,
    broken_accounts,
    operator_environment,
    wait_until_blocked,
)
from tests.support import stacks, topics

STEPS = [point for point in Failpoint if point.startswith("operation-")]


@pytest_asyncio.fixture(loop_scope="session")
async def environment(engines: LocalStack, tmp_path: Path) -> AsyncIterator[OperatorEnvironment]:
    """A running ledger, and an operator's session on it."""
    async with bench(engines, tmp_path) as ledger, operator_environment(ledger, tmp_path) as environment:
        await ledger.start()
        yield environment


async def repair(ledger: Bench) -> None:
    """Restart the ledger without its bug."""
    await ledger.kill()
    await ledger.start(LEDGER_REPAIRED="1")


def expect_three_entries(ledger: Bench, keys: list[UUID]) -> None:
    """Expect that the three entries of each account were processed in order."""
    ledger.entered.update({str(key): [1, 2, 3] for key in keys})


async def test_all_records_of_a_document_are_redriven_in_order_across_topics(environment: OperatorEnvironment) -> None:
    keys = [uuid4() for _ in range(5)]
    await broken_accounts(environment.ledger, keys)
    found = await environment.survey()
    assert [len(queue.letters) for queue in found.queues] == [3] * 5
    await repair(environment.ledger)

    outcome = await environment.redrive()

    assert (outcome.planned, outcome.ended, outcome.left) == (15, 15, [])
    expect_three_entries(environment.ledger, keys)
    await environment.ledger.settled()
    assert (await environment.ledger.account(keys[0]))["blocked"] == []
    assert not (await environment.survey()).letters
    started, *ended, done = await environment.recorded()
    assert isinstance(started, OperationBegun)
    assert (started.action, started.user, started.reason, started.planned) == ("redrive", "ana", "the test", 15)
    assert sum(len(each.letters) for each in ended if isinstance(each, LettersEnded)) == 15
    assert isinstance(done, OperationEnded)
    assert (done.outcome, done.counts) == ("done", {"redriven": 15, "left": 0})


async def test_an_operation_logs_its_start_and_its_end_without_personal_data(environment: OperatorEnvironment) -> None:
    key = uuid4()
    await broken_accounts(environment.ledger, [key])
    await repair(environment.ledger)
    await environment.redrive()
    text = environment.log.read_text()
    start, end = map(json.loads, text.splitlines())
    assert (start["event"], start["kind"], start["because"]) == ("security", "operator-act", "redrive")
    assert (start["user"], start["identity"]) == ("ana", "system-user")
    assert (end["event"], end["action"], end["outcome"]) == ("operation ended", "redrive", "done")
    assert start["operation_id"] == end["operation_id"]
    assert str(key) not in text


@pytest.mark.parametrize("point", STEPS)
async def test_a_redrive_killed_at_any_step_can_be_repeated_without_duplicates(
    point: str, environment: OperatorEnvironment
) -> None:
    keys = [uuid4() for _ in range(3)]
    await broken_accounts(environment.ledger, keys)
    await repair(environment.ledger)

    await environment.run_killed_at(
        f"{point}:kill" if point == Failpoint.OPERATION_BEGUN else f"{point}:kill@2", "redrive"
    )
    outcome = await environment.redrive()

    assert not outcome.left
    expect_three_entries(environment.ledger, keys)
    await environment.ledger.settled()
    assert not (await environment.survey()).queues


async def test_two_operators_at_the_same_time_duplicate_nothing(
    environment: OperatorEnvironment, tmp_path: Path
) -> None:
    keys = [uuid4() for _ in range(4)]
    await broken_accounts(environment.ledger, keys)
    await repair(environment.ledger)
    async with operator_environment(environment.ledger, tmp_path) as second:
        await asyncio.gather(environment.redrive(), second.redrive())
    await environment.redrive()
    expect_three_entries(environment.ledger, keys)
    await environment.ledger.settled()
    assert not (await environment.survey()).queues


async def test_a_record_that_was_parked_after_the_plan_is_redriven_too(environment: OperatorEnvironment) -> None:
    ledger, key = environment.ledger, uuid4()
    await broken_accounts(ledger, [key])
    plan = plan_redrive((await environment.survey()).queues, datetime.now(UTC), None)
    await ledger.enter(key, 4, id=f"{key}-4")
    await wait_until_blocked(ledger, key, 4)
    await repair(ledger)

    outcome = await operations.redrive(
        environment.session, ANA, plan, 100, {"where": environment.group}, lambda _: None
    )

    assert (outcome.planned, outcome.ended, outcome.left) == (3, 4, [])
    ledger.entered[str(key)] = [1, 2, 3, 4]
    await ledger.settled()


async def test_a_record_that_fails_again_skips_the_rest_of_its_queue(environment: OperatorEnvironment) -> None:
    key = uuid4()
    await broken_accounts(environment.ledger, [key])

    outcome = await environment.redrive()

    (skipped,) = outcome.left
    assert (outcome.ended, len(skipped.queue.letters)) == (0, 3)
    assert skipped.reason == "it failed again (bug:ZeroDivisionError); the records behind it wait"
    assert skipped.tried
    await wait_until_blocked(environment.ledger, key, 3)
    await repair(environment.ledger)
    assert (await environment.redrive()).ended == 3
    expect_three_entries(environment.ledger, [key])
    await environment.ledger.settled()


async def test_a_group_that_processes_nothing_is_an_error_after_a_while(environment: OperatorEnvironment) -> None:
    key = uuid4()
    await broken_accounts(environment.ledger, [key])
    await environment.ledger.kill()
    queues = (await environment.survey()).queues
    with pytest.raises(OperatorError, match="has processed nothing for 1 s: check that it runs"):
        async with environment.session.operation(ANA, "redrive", 3, {"where": environment.group}) as audit:
            await Redriver(environment.session, audit, RateLimiter(100), lambda _: None, stall_seconds=1).run(queues)
    *_, ended = await environment.recorded()
    assert isinstance(ended, OperationEnded)
    assert ended.outcome == "failed"

    await environment.ledger.start(LEDGER_REPAIRED="1")
    assert not (await environment.redrive()).left
    expect_three_entries(environment.ledger, [key])
    await environment.ledger.settled()


async def test_an_operation_that_cannot_be_recorded_does_not_start(tmp_path: Path) -> None:
    bare = stacks.own(tmp_path / "stack", ("kafka", "mongo"), apply_topics=False)
    async with bare, bench(bare, tmp_path) as ledger:
        with pytest.raises(OperatorError, match=r"operations\.audit\.v1 is missing"):
            async with operator_environment(ledger, tmp_path) as environment:
                await environment.redrive()
        assert not await topics.read_all(ledger.env["KAFKA_URL"], ledger.ledger.entries)


async def test_a_queue_over_the_maximum_is_skipped(environment: OperatorEnvironment) -> None:
    keys = [uuid4(), uuid4()]
    await broken_accounts(environment.ledger, keys)
    await repair(environment.ledger)
    outcome = await environment.redrive(most=5)
    (skipped,) = outcome.left
    assert (outcome.ended, skipped.reason) == (3, "it has 3 records, more than --max still allows")
    assert (await environment.redrive()).ended == 3


async def test_after_a_discard_the_records_behind_it_can_be_redriven(environment: OperatorEnvironment) -> None:
    key = uuid4()
    await broken_accounts(environment.ledger, [key])

    outcome = await environment.discard("reason=bug:*")

    assert (outcome.planned, outcome.ended, outcome.left) == (1, 1, [])
    await wait_until_blocked(environment.ledger, key, 2)
    assert (await environment.redrive()).ended == 2
    environment.ledger.entered[str(key)] = [2, 3]
    await environment.ledger.settled()
    assert not (await environment.survey()).queues


@pytest.mark.parametrize("point", STEPS)
async def test_a_discard_killed_at_any_step_can_be_repeated(point: str, environment: OperatorEnvironment) -> None:
    key = uuid4()
    await broken_accounts(environment.ledger, [key])

    await environment.run_killed_at(f"{point}:kill", "discard")
    await environment.discard("reason=bug:*")

    await wait_until_blocked(environment.ledger, key, 2)
    assert [letter.reason for letter in (await environment.survey()).letters] == ["blocked", "blocked"]


async def test_a_dead_letter_that_is_gone_can_only_be_discarded(environment: OperatorEnvironment) -> None:
    key = uuid4()
    await broken_accounts(environment.ledger, [key])
    await _delete_letters(environment.ledger)
    await repair(environment.ledger)

    outcome = await environment.redrive()

    (skipped,) = outcome.left
    assert "its letter is gone" in skipped.reason
    assert (await environment.discard("reason=letter-gone")).ended == 2
    assert (await environment.redrive()).ended == 1
    environment.ledger.entered[str(key)] = [2]
    await environment.ledger.settled()


async def test_a_record_of_thirty_days_is_not_redriven(environment: OperatorEnvironment) -> None:
    """The group may have forgotten its id. The limit is the retention of the log; the inbox keeps ids six days longer."""
    ledger, key = environment.ledger, uuid4()
    sent = await ledger.enter(key, 1, "poison")
    letter = await letter_of(ledger, sent)
    old = round((moment(sent.timestamp) - timedelta(days=30)).timestamp() * 1000)
    headers = [pair for pair in letter.headers if pair[0] not in ("dlq-timestamp", "dlq-offset")]
    headers += [("dlq-timestamp", str(old).encode()), ("dlq-offset", b"9999")]
    await ledger.producer.send_and_wait(ledger.ledger.letters, value=letter.value, key=letter.key, headers=headers)
    outcome = await environment.redrive()
    reasons = [skipped.reason for skipped in outcome.left if skipped.queue.first.position.offset == 9999]
    assert reasons == ["its record is 30 days old: after 29 days a duplicate could be processed twice"]


async def test_a_record_that_is_redriven_late_keeps_its_original_time(environment: OperatorEnvironment) -> None:
    """An impossible record does not block its account: later records are processed without it."""
    ledger, key = environment.ledger, uuid4()
    sent = await ledger.enter(key, 1, "poison")
    await ledger.enter(key, 2)
    await ledger.settled()
    (skipped,) = (await environment.redrive()).left
    assert skipped.reason == "it failed again (impossible)"
    assert len((await environment.survey()).letters) == 1, "several dead letters of one record count as one"
    await repair(ledger)
    assert (await environment.redrive()).ended == 1
    ledger.entered[str(key)] = [2, 1]
    await ledger.settled()
    assert (await ledger.account(key))["inbox"][-1]["at"] == moment(sent.timestamp)


async def _delete_letters(ledger: Bench) -> None:
    """Delete the dead letters of the entries. The dead letter of the correction stays."""
    admin = AIOKafkaAdminClient(bootstrap_servers=ledger.env["KAFKA_URL"])
    await admin.start()
    try:
        await admin.delete_records({TopicPartition(ledger.ledger.letters, 0): RecordsToDelete(before_offset=-1)})
    finally:
        await admin.close()
