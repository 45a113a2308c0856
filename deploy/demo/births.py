"""A birth in the demonstration: the register reports it twice, and its parent reads the request that it opened."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from aiokafka.errors import KafkaError
from rich.console import Console

from deploy.demo.cases import Run
from deploy.demo.checks import Check
from deploy.demo.client import Found, PublicApi, Session
from deploy.demo.data import DemoAccount
from deploy.demo.errors import DemoError
from deploy.demo.register import Birth, tell
from deploy.demo.special_paths import show_special_path
from services.common.legal_clock import day_of

PARENT: Final = "tiago"
"""The key of the account."""

DAYS_AFTER_BIRTH: Final = 3
POLL_SECONDS: Final = 0.5
CONCLUDED: Final = "concluded"


@dataclass(frozen=True, slots=True)
class Opened:
    """`requests`: those that the birth opened, as its parent found them in the end. `decision`: that of the only one, in words."""

    parent: str
    requests: Sequence[Found]
    decision: str | None

    @property
    def check(self) -> Check:
        """One request, decided, although nobody asked for it and the birth was reported twice."""
        number = len(self.requests)
        harms = []
        if number != 1:
            harms.append(f"the birth that was reported twice opened {number} requests")
        elif self.requests[0].state != CONCLUDED:
            harms.append(f"{self.requests[0].reference}: the birth's request is not concluded")
        return Check(
            "A birth opens one request", f"1 birth reported twice, {number} opened for its parent", tuple(harms)
        )


async def report_birth(kafka_url: str, run: Run) -> Birth:
    """Report the birth of the run, twice, as a register may. Raises DemoError."""
    born_on = day_of(datetime.now(UTC)) - timedelta(days=DAYS_AFTER_BIRTH)
    birth = Birth(run.id, born_on, [run.accounts[PARENT].niss])
    try:
        await tell(kafka_url, [birth, birth])
    except (KafkaError, OSError) as error:
        raise DemoError("The register cannot report a birth.", log="kafka") from error
    return birth


async def opened_requests(api: PublicApi, run: Run, birth: Birth, within: float) -> Opened:
    """What the parent finds, when the department has decided; after `within` seconds what there is."""
    parent: DemoAccount = run.accounts[PARENT]
    session = await api.sign_in(parent)
    deadline = time.monotonic() + within
    while True:
        found = await api.find(session, birth.number)
        if time.monotonic() > deadline or (found and all(each.state == CONCLUDED for each in found)):
            return Opened(parent.name, found, await _decision(api, session, found))
        await asyncio.sleep(POLL_SECONDS)


async def _decision(api: PublicApi, session: Session, found: Sequence[Found]) -> str | None:
    standing = await api.standing(session, found[0].reference) if found else None
    return None if standing is None else standing.outcome


def show_birth(console: Console, opened: Opened) -> None:
    for request in opened.requests[:1]:
        words = f"opened for {opened.parent.split()[0]} without being asked, {opened.decision or request.state}"
        show_special_path(console, request.reference, "birth", words)
