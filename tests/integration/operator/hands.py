"""An operator at a ledger: what they see of its dead letters, and what they do, in this process or in one to be killed."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from deploy.operator import acts
from deploy.operator.acts import Outcome, Replayed
from deploy.operator.audit import Who
from deploy.operator.discarding import plan_discard
from deploy.operator.letter_filter import where
from deploy.operator.plan import plan_redrive
from deploy.operator.replaying import Point, stretch
from deploy.operator.service_stores import Book
from deploy.operator.session import OperatorSession, hand_at
from deploy.operator.survey import Survey, survey
from deploy.operator.target import Target
from services.common.contracts import topics as names
from services.common.contracts.operations import OperationBegun, OperationFact
from services.common.messaging.records.reader import read
from services.common.runtime.settings import Settings
from tests.integration.kernel.harness import Bench
from tests.support import topics, warm
from tests.support.waiting import eventually

ANA = Who("ana", reason="the test")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def _unseen(_: int) -> None:
    """Nobody looks at a bar."""


@asynccontextmanager
async def hand_of(prefix: str, env: dict[str, str], log: Path) -> AsyncIterator[OperatorSession]:
    """An operator's hand on the ledger whose names begin with `prefix`."""
    settings = Settings.model_validate({name.lower(): value for name, value in env.items()})
    async with hand_at(Target(settings, log), [Book(f"{prefix}-accounts", prefix, "accounts")]) as hand:
        yield hand


async def redrive(hand: OperatorSession, group: str, rate: int = 1000, most: int | None = None) -> Outcome:
    """Bring back all that the group has set aside."""
    found = await survey(hand, where([f"group={group}"]))
    plan = plan_redrive(found.lines, datetime.now(UTC), most)
    return await acts.redrive(hand, ANA, plan, rate, {"where": f"group={group}"}, _unseen)


async def replay(
    hand: OperatorSession,
    topic: str,
    group: str,
    begin: Point = LONG_AGO,
    end: Point | None = None,
    *,
    mail: bool = False,
    rate: int = 1000,
) -> Replayed:
    """Let the group read the topic once more, between the points."""
    found = await stretch(hand, topic, group, begin, end)
    terms = {"where": f"group={group}", "topic": topic}
    return await acts.replay(hand, ANA, found, rate, terms, _unseen, mail=mail)


async def discard(hand: OperatorSession, *terms: str) -> Outcome:
    chosen = where(terms)
    planned = plan_discard((await survey(hand, chosen)).lines, chosen, None)
    return await acts.discard(hand, ANA, planned, {"where": str(chosen)}, _unseen)


@asynccontextmanager
async def operator(ledger: Bench, folder: Path) -> AsyncIterator["Operator"]:
    async with hand_of(ledger.ledger.prefix, ledger.env, folder / "operator.log") as hand:
        yield Operator(ledger, hand, f"{ledger.ledger.prefix}-accounts", folder / "operator.log")


class Operator:
    def __init__(self, ledger: Bench, hand: OperatorSession, group: str, log: Path) -> None:
        self.ledger = ledger
        self.hand = hand
        self.group = group
        self.log = log

    async def sees(self) -> Survey:
        return await survey(self.hand, where([f"group={self.group}"]))

    async def redrive(self, most: int | None = None) -> Outcome:
        return await redrive(self.hand, self.group, most=most)

    async def discard(self, *terms: str) -> Outcome:
        return await discard(self.hand, f"group={self.group}", *terms)

    async def replay(
        self, topic: str, group: str, *, begin: Point = LONG_AGO, end: Point | None = None, mail: bool = False
    ) -> Replayed:
        return await replay(self.hand, topic, f"{self.ledger.ledger.prefix}-{group}", begin, end, mail=mail)

    async def recorded(self) -> list[OperationFact]:
        """What was recorded about this ledger, in order. Other tests' operators write to the same topic."""
        records = await topics.read_all(self.ledger.env["KAFKA_URL"], names.OPERATIONS)
        facts = [event for each in records if isinstance(event := read(each).event, OperationFact)]
        own = {
            fact.operation_id
            for fact in facts
            if isinstance(fact, OperationBegun) and self.ledger.ledger.prefix in fact.terms["where"]
        }
        return [fact for fact in facts if fact.operation_id in own]

    async def killed_at(self, failpoint: str, action: str) -> None:
        """Do it in a process that dies at the failpoint, by SIGKILL."""
        ledger = self.ledger
        env = os.environ | ledger.env | {"POSTIGO_FAILPOINT": failpoint}
        arguments: Sequence[str] = [ledger.ledger.prefix, action]
        process = await asyncio.to_thread(
            warm.Process, "tests.integration.operator.program", arguments, env, self.log.with_suffix(".killed")
        )
        assert await asyncio.wait_for(process.wait(), 60) == -signal.SIGKILL, f"{failpoint} was never reached"


async def blocked(ledger: Bench, key: UUID, count: int) -> None:
    """Wait until the account waits for so many records."""

    async def probe() -> bool:
        return len((await ledger.account(key)).get("blocked", ())) == count

    await eventually(probe)


async def broken_accounts(ledger: Bench, keys: Sequence[UUID]) -> None:
    """Each account waits for three entries, of which our bug broke the first and the second is on another topic."""
    for key in keys:
        await ledger.enter(key, 1, "bug")
    for key in keys:
        await blocked(ledger, key, 1)
        await ledger.enter(key, 2, topic=ledger.ledger.corrections, id=f"{key}-2")
    for key in keys:
        await blocked(ledger, key, 2)
        await ledger.enter(key, 3, id=f"{key}-3")
    for key in keys:
        await blocked(ledger, key, 3)
