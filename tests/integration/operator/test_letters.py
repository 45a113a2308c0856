"""Dead letters are brought back and given up: in order, once, on record, and again after a kill at any step."""

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
from deploy.operator import acts
from deploy.operator.errors import OperatorError
from deploy.operator.plan import plan_redrive
from deploy.operator.redriving import Redriving
from deploy.operator.taking import Pace
from services.common.contracts.operations import LettersEnded, OperationBegun, OperationEnded
from services.common.messaging.failpoints import Failpoint
from services.common.messaging.records.positions import moment
from tests.integration.kernel.asking import letter_of
from tests.integration.kernel.harness import Bench, bench
from tests.integration.operator.hands import ANA, Operator, blocked, broken_accounts, operator
from tests.support import stacks, topics

STEPS = [point for point in Failpoint if point.startswith("operation-")]


@pytest_asyncio.fixture(loop_scope="session")
async def ana(engines: LocalStack, tmp_path: Path) -> AsyncIterator[Operator]:
    """An operator at a ledger that runs."""
    async with bench(engines, tmp_path) as ledger, operator(ledger, tmp_path) as hand:
        await ledger.start()
        yield hand


async def repair(ledger: Bench) -> None:
    """Start the ledger anew, without its bug."""
    await ledger.kill()
    await ledger.start(LEDGER_REPAIRED="1")


def booked_in_order(ledger: Bench, keys: list[UUID]) -> None:
    """What is expected of accounts whose three entries came back."""
    ledger.entered.update({str(key): [1, 2, 3] for key in keys})


async def test_what_a_document_waits_for_comes_back_whole_and_in_order_over_all_its_topics(ana: Operator) -> None:
    keys = [uuid4() for _ in range(5)]
    await broken_accounts(ana.ledger, keys)
    found = await ana.sees()
    assert [len(line.letters) for line in found.lines] == [3] * 5
    await repair(ana.ledger)

    outcome = await ana.redrive()

    assert (outcome.planned, outcome.ended, outcome.left) == (15, 15, [])
    booked_in_order(ana.ledger, keys)
    await ana.ledger.settled()
    assert (await ana.ledger.account(keys[0]))["blocked"] == []
    assert not (await ana.sees()).letters
    begun, *ended, done = await ana.recorded()
    assert isinstance(begun, OperationBegun)
    assert (begun.action, begun.user, begun.reason, begun.planned) == ("redrive", "ana", "the test", 15)
    assert sum(len(each.letters) for each in ended if isinstance(each, LettersEnded)) == 15
    assert isinstance(done, OperationEnded)
    assert (done.outcome, done.counts) == ("done", {"redriven": 15, "left": 0})


async def test_an_act_leaves_one_line_in_the_log_and_no_word_or_name_of_a_person(ana: Operator) -> None:
    key = uuid4()
    await broken_accounts(ana.ledger, [key])
    await repair(ana.ledger)
    await ana.redrive()
    lines = ana.log.read_text().splitlines()
    assert len(lines) == 1
    line = json.loads(lines[0])
    assert (line["event"], line["action"], line["outcome"]) == ("operation ended", "redrive", "done")
    assert str(key) not in lines[0]


@pytest.mark.parametrize("point", STEPS)
async def test_a_redrive_that_is_killed_at_any_step_and_done_again_doubles_nothing(point: str, ana: Operator) -> None:
    keys = [uuid4() for _ in range(3)]
    await broken_accounts(ana.ledger, keys)
    await repair(ana.ledger)

    await ana.killed_at(f"{point}:kill" if point == Failpoint.OPERATION_BEGUN else f"{point}:kill@2", "redrive")
    outcome = await ana.redrive()

    assert not outcome.left
    booked_in_order(ana.ledger, keys)
    await ana.ledger.settled()
    assert not (await ana.sees()).lines


async def test_two_operators_at_once_double_nothing(ana: Operator, tmp_path: Path) -> None:
    keys = [uuid4() for _ in range(4)]
    await broken_accounts(ana.ledger, keys)
    await repair(ana.ledger)
    async with operator(ana.ledger, tmp_path) as rui:
        await asyncio.gather(ana.redrive(), rui.redrive())
    await ana.redrive()
    booked_in_order(ana.ledger, keys)
    await ana.ledger.settled()
    assert not (await ana.sees()).lines


async def test_what_came_after_it_was_planned_comes_back_too(ana: Operator) -> None:
    ledger, key = ana.ledger, uuid4()
    await broken_accounts(ledger, [key])
    plan = plan_redrive((await ana.sees()).lines, datetime.now(UTC), None)
    await ledger.enter(key, 4, id=f"{key}-4")
    await blocked(ledger, key, 4)
    await repair(ledger)

    outcome = await acts.redrive(ana.hand, ANA, plan, 100, {"where": ana.group}, lambda _: None)

    assert (outcome.planned, outcome.ended, outcome.left) == (3, 4, [])
    ledger.entered[str(key)] = [1, 2, 3, 4]
    await ledger.settled()


async def test_what_fails_once_more_is_left_with_all_that_waits_behind_it(ana: Operator) -> None:
    key = uuid4()
    await broken_accounts(ana.ledger, [key])

    outcome = await ana.redrive()

    (left,) = outcome.left
    assert (outcome.ended, len(left.line.letters)) == (0, 3)
    assert left.because == "it failed once more (bug:ZeroDivisionError)"
    await blocked(ana.ledger, key, 3)
    await repair(ana.ledger)
    assert (await ana.redrive()).ended == 3
    booked_in_order(ana.ledger, [key])
    await ana.ledger.settled()


async def test_a_group_that_takes_nothing_is_waited_for_and_then_said_to_do_so(ana: Operator) -> None:
    key = uuid4()
    await broken_accounts(ana.ledger, [key])
    await ana.ledger.kill()
    lines = (await ana.sees()).lines
    with pytest.raises(OperatorError, match="has taken nothing for 1 s: see that it runs"):
        async with ana.hand.operation(ANA, "redrive", 3, {"where": ana.group}) as audit:
            await Redriving(ana.hand, audit, Pace(100), lambda _: None, patience=1).run(lines)
    *_, ended = await ana.recorded()
    assert isinstance(ended, OperationEnded)
    assert ended.outcome == "failed"

    await ana.ledger.start(LEDGER_REPAIRED="1")
    assert not (await ana.redrive()).left
    booked_in_order(ana.ledger, [key])
    await ana.ledger.settled()


async def test_what_cannot_be_recorded_is_not_begun(tmp_path: Path) -> None:
    bare = stacks.own(tmp_path / "stack", ("kafka", "mongo"), apply_topics=False)
    async with bare, bench(bare, tmp_path) as ledger:
        with pytest.raises(OperatorError, match=r"operations\.audit\.v1 is missing"):
            async with operator(ledger, tmp_path) as hand:
                await hand.redrive()
        assert not await topics.read_all(ledger.env["KAFKA_URL"], ledger.ledger.entries)


async def test_more_than_was_allowed_is_not_begun(ana: Operator) -> None:
    keys = [uuid4(), uuid4()]
    await broken_accounts(ana.ledger, keys)
    await repair(ana.ledger)
    outcome = await ana.redrive(most=5)
    (left,) = outcome.left
    assert (outcome.ended, left.because) == (3, "it has 3 records, more than --max still allows")
    assert (await ana.redrive()).ended == 3


async def test_a_letter_that_is_given_up_lets_what_waits_behind_it_come_back(ana: Operator) -> None:
    key = uuid4()
    await broken_accounts(ana.ledger, [key])

    outcome = await ana.discard("reason=bug:*")

    assert (outcome.planned, outcome.ended, outcome.left) == (1, 1, [])
    await blocked(ana.ledger, key, 2)
    assert (await ana.redrive()).ended == 2
    ana.ledger.entered[str(key)] = [2, 3]
    await ana.ledger.settled()
    assert not (await ana.sees()).lines


@pytest.mark.parametrize("point", STEPS)
async def test_a_discard_that_is_killed_at_any_step_and_done_again_ends_the_same(point: str, ana: Operator) -> None:
    key = uuid4()
    await broken_accounts(ana.ledger, [key])

    await ana.killed_at(f"{point}:kill", "discard")
    await ana.discard("reason=bug:*")

    await blocked(ana.ledger, key, 2)
    assert [letter.reason for letter in (await ana.sees()).letters] == ["blocked", "blocked"]


async def test_a_letter_that_is_gone_is_said_to_be_and_may_be_given_up(ana: Operator) -> None:
    key = uuid4()
    await broken_accounts(ana.ledger, [key])
    await _delete_letters(ana.ledger)
    await repair(ana.ledger)

    refused = await ana.redrive()

    (left,) = refused.left
    assert "its letter is gone" in left.because
    assert (await ana.discard("reason=letter-gone")).ended == 2
    assert (await ana.redrive()).ended == 1
    ana.ledger.entered[str(key)] = [2]
    await ana.ledger.settled()


async def test_a_record_of_thirty_days_is_not_brought_back(ana: Operator) -> None:
    """Where its group may have forgotten it: the bound is that of the log, the inbox has six days more."""
    ledger, key = ana.ledger, uuid4()
    sent = await ledger.enter(key, 1, "poison")
    letter = await letter_of(ledger, sent)
    old = round((moment(sent.timestamp) - timedelta(days=30)).timestamp() * 1000)
    headers = [pair for pair in letter.headers if pair[0] not in ("dlq-timestamp", "dlq-offset")]
    headers += [("dlq-timestamp", str(old).encode()), ("dlq-offset", b"9999")]
    await ledger.producer.send_and_wait(ledger.ledger.letters, value=letter.value, key=letter.key, headers=headers)
    outcome = await ana.redrive()
    refused = [left.because for left in outcome.left if left.line.first.position.offset == 9999]
    assert refused == ["its record is 30 days old: after 29 nobody can tell whether it was taken before"]


async def test_a_letter_whose_cause_is_repaired_is_taken_late_but_as_of_its_time(ana: Operator) -> None:
    """What can never be applied holds up nothing: its account went on without it."""
    ledger, key = ana.ledger, uuid4()
    sent = await ledger.enter(key, 1, "poison")
    await ledger.enter(key, 2)
    await ledger.settled()
    (left,) = (await ana.redrive()).left
    assert left.because == "it failed once more (impossible)"
    assert len((await ana.sees()).letters) == 1, "several letters of one record are one"
    await repair(ledger)
    assert (await ana.redrive()).ended == 1
    ledger.entered[str(key)] = [2, 1]
    await ledger.settled()
    assert (await ledger.account(key))["inbox"][-1]["at"] == moment(sent.timestamp)


async def _delete_letters(ledger: Bench) -> None:
    """The letters of the entries are gone; that of the correction is there."""
    admin = AIOKafkaAdminClient(bootstrap_servers=ledger.env["KAFKA_URL"])
    await admin.start()
    try:
        await admin.delete_records({TopicPartition(ledger.ledger.letters, 0): RecordsToDelete(before_offset=-1)})
    finally:
        await admin.close()
