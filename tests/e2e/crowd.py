"""Many people at the counter at once, who try again as real clients do, and the judgement over what became of them."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from deploy.demo import checks
from deploy.demo.acts import judgements
from deploy.demo.author import Author
from deploy.demo.cases import Case, Run
from deploy.demo.client import PublicApi, Session
from deploy.demo.data import DemoRequest, load_accounts, load_requests
from deploy.demo.evidence import Aside, Evidence, Log, Page, Places, booked, mail_names, mails_in
from deploy.demo.facts import TOLD, Check, Facts, hidden
from deploy.local import LocalStack
from services.common.contracts import Event
from services.common.contracts.deliveries import DeliveryFact, DeliverySent
from services.common.contracts.lifecycle import DocumentAccepted, LifecycleFact, RequestConcluded, RequestWithdrawn
from services.common.domain.identifiers import derived_id
from services.common.domain.received import Received
from tests.support import stacks
from tests.support.waiting import eventually

AT_ONCE = 8
PATIENCE = 60
"""Tries of a client who really wants something."""

NOTICES = 2
"""Mails about a request that goes its plain way: registered, and answered or withdrawn."""


@dataclass(slots=True)
class Crowd:
    """`cases` grows as references are given out; what was appended before `begin` is in `records` and `aside`."""

    house: LocalStack
    api: PublicApi
    log: Log
    begin: Places
    mails_before: frozenset[str]
    run: Run
    wanted: int = 0
    cases: list[Case] = field(default_factory=list)
    records: list[Received[Event]] = field(default_factory=list)
    aside: list[Aside] = field(default_factory=list)
    _sessions: dict[str, Session] = field(default_factory=dict)

    async def file(self, count: int, before: Callable[[int], Awaitable[None]], first: int = 0) -> None:
        """File `count` requests, numbered from `first`; `before` is awaited with each one's number before it is sent."""
        self.wanted, rows = self.wanted + count, self.run.rows
        for name in {row.account for row in rows}:
            self._sessions[name] = await self.api.sign_in(self.run.accounts[name])
        numbers = iter(range(first, first + count))

        async def person() -> None:
            for number in numbers:
                await before(number)
                await self._file_one(number, self.run.rows[number % len(rows)])

        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(person())

    async def _file_one(self, number: int, row: DemoRequest) -> None:
        # Files are uploaded now and then only: most of the load is on the kernel.
        named = row.documents if number % 5 == 0 else ()
        words = f"{row.description} (n.º {number}, {self.run.id})"
        said = row.model_copy(update={"description": words, "documents": named})
        self.cases.append(await Author(self.api, self._sessions[row.account], self.run, number).file(said))

    async def at_rest(self, within: float) -> Facts:
        """The facts, once every case is concluded, every file judged, every notice ended, and all of it visible."""
        await eventually(self._concluded, within=within, every=1.0)
        return await eventually(self._visible, within=30, every=1.0)

    async def _concluded(self) -> bool:
        facts = Facts(self.wanted, self.cases, Evidence(await self._said()))
        for case in self.cases:
            assert facts.of(case, RequestConcluded, RequestWithdrawn), f"{case.reference} is not concluded yet"
            assert len(facts.of(case, DocumentAccepted)) == len(case.files), f"{case.reference}: files behind"
            assert len(judgements(facts, case)) >= len(case.acts), f"{case.reference}: acts behind"
            assert len(facts.of(case, DeliveryFact)) >= NOTICES, f"{case.reference}: notices behind"
        return True

    async def _visible(self) -> Facts:
        facts = Facts(self.wanted, self.cases, await self._evidence())
        behind = [case.reference for case in self.cases if len(facts.page(case).entries) < _visible(facts, case)]
        assert not behind, f"{len(behind)} views behind"
        return facts

    async def _said(self) -> list[Received[Event]]:
        """Every record by now. Asked again and again: the dear parts of the evidence come once, in the end."""
        ends = await self.log.ends()
        records, aside = await self.log.between(self.begin, ends)
        self.begin = ends
        self.records += records
        self.aside += aside
        return self.records

    async def _evidence(self) -> Evidence:
        return Evidence(
            records=await self._said(),
            aside=self.aside,
            booked=await booked(self.house.env["MONGO_URL"], self.cases, f"{stacks.prefix(self.house)}_intake"),
            mails=mails_in(self.house.home.mails, but=self.mails_before),
            shown=await self._pages(),
        )

    async def _pages(self) -> dict[str, Page]:
        door = asyncio.Semaphore(AT_ONCE)

        async def look(case: Case) -> tuple[str, Page]:
            session = self._sessions[case.row.account]
            async with door:
                standing = await self.api.standing(session, case.reference)
                entries = await self.api.timeline(session, case.reference)
            return case.reference, Page(standing.state if standing else "unknown", tuple(entries))

        return dict(await asyncio.gather(*map(look, self.cases)))


def _visible(facts: Facts, case: Case) -> int:
    """How many entries its author will see: the submit, the facts that are not hidden, and the notices."""
    return 1 + sum(not hidden(each) for each in facts.of(case, LifecycleFact)) + len(facts.of(case, DeliverySent))


def mails_once(facts: Facts) -> Check:
    """Every notice ended and left. A crash between a mail and its note may send it again, never under a second id."""
    harms: list[str] = []
    for case in facts.cases:
        due = {str(derived_id(told.id, checks.CHANNEL, str(case.account_id))) for told in facts.of(case, *TOLD)}
        said = {str(each.event.delivery_id) for each in facts.of(case, DeliveryFact)}
        left = {mail.delivery_id for mail in facts.evidence.mails if mail.reference == case.reference}
        if not due == said == left:
            harms.append(f"{case.reference}: {len(due)} notices due, {len(said)} ended, {len(left)} Message-IDs")
    return Check("Every notice under one Message-ID", f"{len(facts.evidence.mails)} mails", tuple(harms))


@asynccontextmanager
async def crowd(house: LocalStack, url: str | None = None, tries: int = PATIENCE) -> AsyncIterator[Crowd]:
    async with PublicApi(url or house.env["PUBLIC_URL"], tries=tries) as api, Log(house.env["KAFKA_URL"]) as log:
        yield Crowd(
            house,
            api,
            log,
            await log.ends(),
            mail_names(house.home.mails),
            Run.new(load_accounts(), load_requests()),
        )


def moments(seed: str, kills: int, count: int) -> Sequence[int]:
    """`kills` numbers of requests, drawn by `seed`, before each of which something is killed."""
    return sorted(random.Random(seed).sample(range(10, count - 10), kills))
