"""Everybody files what they have to file, a bounded number at a time, and follows it until it has come to rest."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final

from deploy.demo.author import Author
from deploy.demo.board import Board
from deploy.demo.cases import Case, Run
from deploy.demo.client import Entry, PublicApi, Session
from deploy.demo.data import DemoRequest
from deploy.demo.facts import TOLD, short

AT_ONCE: Final = 8
"""Conversations with the gateway at the same moment."""

LOOK_EVERY_SECONDS: Final = 0.5
FINAL: Final = frozenset({"concluded", "rejected", "withdrawn"})
NOTICED: Final = frozenset(short(kind) for kind in TOLD)


class Filing:
    """One run at the public counter. `board` says how far it is."""

    def __init__(self, run: Run, api: PublicApi, board: Board) -> None:
        self._run = run
        self._api = api
        self._board = board
        self._door = asyncio.Semaphore(AT_ONCE)

    async def until_concluded(self, within: float) -> None:
        """Sign in, file, and follow. Returns after `within` seconds with what there is. Raises DemoError."""
        sessions = await self._sign_in()
        with suppress(TimeoutError):
            async with asyncio.timeout(within), asyncio.TaskGroup() as everybody:
                for number, row in enumerate(self._run.rows):
                    everybody.create_task(self._one(number, row, sessions[row.account]))

    async def _sign_in(self) -> Mapping[str, Session]:
        async def enter(name: str) -> tuple[str, Session]:
            async with self._door:
                return name, await self._api.sign_in(self._run.accounts[name])

        names = {row.account for row in self._run.rows}
        async with asyncio.TaskGroup() as everybody:
            entering = [everybody.create_task(enter(name)) for name in sorted(names)]
        return dict(task.result() for task in entering)

    async def _one(self, number: int, row: DemoRequest, session: Session) -> None:
        async with self._door:
            case = await Author(self._api, session, self._run, number).file(row)
        self._board.file(case)
        while case.reference not in self._board.settled:
            await asyncio.sleep(LOOK_EVERY_SECONDS)
            await self._look(case, session)

    async def _look(self, case: Case, session: Session) -> None:
        """Read it as its author does: where it stands, and once that is final, all that happened."""
        async with self._door:
            standing = await self._api.standing(session, case.reference)
            if standing is None:
                return
            self._board.see(case, standing)
            if standing.state not in FINAL:
                return
            entries = await self._api.timeline(session, case.reference)
        self._board.turn_to(case, entries)
        if _complete(case, entries):
            self._board.settled.add(case.reference)


def _complete(case: Case, entries: Sequence[Entry]) -> bool:
    """Whether every file and act was judged and every notice has ended."""
    kinds = Counter(entry.type for entry in entries)
    files = kinds["request.document-accepted"] + kinds["request.document-refused"]
    notices = sum(number for kind, number in kinds.items() if kind.startswith("delivery."))
    acts = len({entry.act_id for entry in entries if entry.act_id})
    return acts >= len(case.acts) and files >= len(case.files) and notices >= sum(kinds[kind] for kind in NOTICED)
