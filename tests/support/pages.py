"""Reads the final pages of requests through the public API, as their authors do."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from deploy.demo.client import Entry, PublicApi, Session
from deploy.demo.data import load_accounts
from deploy.verification.evidence import Page, Submission

AT_ONCE: Final = 8


@dataclass(slots=True)
class Readers:
    """The accounts of the demonstration, each signed in once."""

    api: PublicApi
    sessions: dict[str, Session] = field(default_factory=dict)

    async def sign_in(self) -> None:
        for account in load_accounts():
            if account.key not in self.sessions:
                self.sessions[account.key] = await self.api.sign_in(account)

    async def pages(self, submissions: Sequence[Submission]) -> dict[str, Page[Entry]]:
        """The final page of each submission that got a reference, by reference. Raises `DemoError`."""
        await self.sign_in()
        limit = asyncio.Semaphore(AT_ONCE)

        async def read(submission: Submission) -> tuple[str, Page[Entry]]:
            session = self.sessions[submission.account]
            async with limit:
                standing = await self.api.standing(session, submission.name)
                entries = await self.api.timeline(session, submission.name)
            return submission.name, Page(standing.state if standing else "unknown", entries)

        return dict(await asyncio.gather(*(read(each) for each in submissions if each.reference)))
