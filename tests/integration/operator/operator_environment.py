"""The environment of the operator tests: a ledger, and an operator's session on its dead letters."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from deploy.operator import operations
from deploy.operator.audit import Actor
from deploy.operator.discarding import plan_discards
from deploy.operator.letter_filter import parse_filter
from deploy.operator.operations import Outcome, Replayed
from deploy.operator.plan import plan_redrive
from deploy.operator.replaying import Point, resolve_range
from deploy.operator.service_stores import StoreLocation
from deploy.operator.session import OperatorSession, open_session
from deploy.operator.survey import Survey, survey
from deploy.operator.target import Target
from services.common.contracts import topics as names
from services.common.contracts.operations import OperationBegun, OperationFact
from services.common.messaging.records.reader import read
from services.common.runtime.settings import Settings
from tests.integration.kernel.harness import Bench
from tests.support import topics, warm
from tests.support.waiting import eventually

ANA = Actor("ana", "system-user", "the test")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def _no_progress(_: int) -> None:
    """The tests show no progress bar."""


@asynccontextmanager
async def session_for(prefix: str, env: dict[str, str], log: Path) -> AsyncIterator[OperatorSession]:
    """An operator's session on the ledger whose names start with `prefix`."""
    settings = Settings.model_validate({name.lower(): value for name, value in env.items()})
    async with open_session(
        Target(settings, log), [StoreLocation(f"{prefix}-accounts", prefix, "accounts")]
    ) as session:
        yield session


async def redrive(session: OperatorSession, group: str, rate: int = 1000, most: int | None = None) -> Outcome:
    """Redrive all dead letters of the group."""
    found = await survey(session, parse_filter([f"group={group}"]))
    plan = plan_redrive(found.queues, datetime.now(UTC), most)
    return await operations.redrive(session, ANA, plan, rate, {"where": f"group={group}"}, _no_progress)


async def replay(
    session: OperatorSession,
    topic: str,
    group: str,
    begin: Point = LONG_AGO,
    end: Point | None = None,
    *,
    mail: bool = False,
    rate: int = 1000,
) -> Replayed:
    """Let the group process the topic again, between the points."""
    found = await resolve_range(session, topic, group, begin, end)
    terms = {"where": f"group={group}", "topic": topic}
    return await operations.replay(session, ANA, found, rate, terms, _no_progress, mail=mail)


async def discard(session: OperatorSession, *terms: str) -> Outcome:
    chosen = parse_filter(terms)
    planned = plan_discards((await survey(session, chosen)).queues, chosen, None)
    return await operations.discard(session, ANA, planned, {"where": str(chosen)}, _no_progress)


@asynccontextmanager
async def operator_environment(ledger: Bench, folder: Path) -> AsyncIterator["OperatorEnvironment"]:
    async with session_for(ledger.ledger.prefix, ledger.env, folder / "operator.log") as session:
        yield OperatorEnvironment(ledger, session, f"{ledger.ledger.prefix}-accounts", folder / "operator.log")


class OperatorEnvironment:
    def __init__(self, ledger: Bench, session: OperatorSession, group: str, log: Path) -> None:
        self.ledger = ledger
        self.session = session
        self.group = group
        self.log = log

    async def survey(self) -> Survey:
        return await survey(self.session, parse_filter([f"group={self.group}"]))

    async def redrive(self, most: int | None = None) -> Outcome:
        return await redrive(self.session, self.group, most=most)

    async def discard(self, *terms: str) -> Outcome:
        return await discard(self.session, f"group={self.group}", *terms)

    async def replay(
        self, topic: str, group: str, *, begin: Point = LONG_AGO, end: Point | None = None, mail: bool = False
    ) -> Replayed:
        return await replay(self.session, topic, f"{self.ledger.ledger.prefix}-{group}", begin, end, mail=mail)

    async def recorded(self) -> list[OperationFact]:
        """The audit records of this ledger, in order. Other tests write to the same topic."""
        records = await topics.read_all(self.ledger.env["KAFKA_URL"], names.OPERATIONS)
        facts = [event for each in records if isinstance(event := read(each).event, OperationFact)]
        own = {
            fact.operation_id
            for fact in facts
            if isinstance(fact, OperationBegun) and self.ledger.ledger.prefix in fact.terms["where"]
        }
        return [fact for fact in facts if fact.operation_id in own]

    async def run_killed_at(self, failpoint: str, action: str) -> None:
        """Run the operation in a process that the failpoint kills with SIGKILL."""
        ledger = self.ledger
        env = os.environ | ledger.env | {"POSTIGO_FAILPOINT": failpoint}
        arguments: Sequence[str] = [ledger.ledger.prefix, action]
        process = await asyncio.to_thread(
            warm.Process, "tests.integration.operator.program", arguments, env, self.log.with_suffix(".killed")
        )
        assert await asyncio.wait_for(process.wait(), 60) == -signal.SIGKILL, f"{failpoint} was never reached"


async def wait_until_blocked(ledger: Bench, key: UUID, count: int) -> None:
    """Wait until the account is blocked on `count` records."""

    async def probe() -> bool:
        return len((await ledger.account(key)).get("blocked", ())) == count

    await eventually(probe)


async def broken_accounts(ledger: Bench, keys: Sequence[UUID]) -> None:
    """Block each account on three entries: the first one failed by a bug, the second one is on another topic."""
    for key in keys:
        await ledger.enter(key, 1, "bug")
    for key in keys:
        await wait_until_blocked(ledger, key, 1)
        await ledger.enter(key, 2, topic=ledger.ledger.corrections, id=f"{key}-2")
    for key in keys:
        await wait_until_blocked(ledger, key, 2)
        await ledger.enter(key, 3, id=f"{key}-3")
    for key in keys:
        await wait_until_blocked(ledger, key, 3)
