"""File all requests of a run with limited concurrency, and poll each one until it is complete."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final

from deploy.demo.author import Author, Conversation
from deploy.demo.board import NOTICED, Board
from deploy.demo.cases import Run
from deploy.demo.client import Entry, Filed, PublicApi, Session
from deploy.demo.data import DemoRequest
from deploy.verification.evidence import Submission
from services.common.contracts.lifecycle import State

CONCURRENCY: Final = 8
"""HTTP requests to the gateway at the same time."""

POLL_SECONDS: Final = 0.5

NOT_TAKEN_UP: Final = frozenset({State.RECEIVED, State.REGISTERED})
"""The states of a request that no department has acknowledged."""


class Filing:
    """One run through the public API. `board` receives the progress."""

    def __init__(self, run: Run, api: PublicApi, board: Board) -> None:
        self._run = run
        self._api = api
        self._board = board
        self._limit = asyncio.Semaphore(CONCURRENCY)
        self._taken_up: dict[str, asyncio.Future[Filed]] = {row.name: asyncio.Future() for row in run.rows if row.name}
        """By name, each request that others ask about, once its department has it."""

    async def until_concluded(self, within: float) -> None:
        """Sign in, file and poll. Returns when all requests are complete, or after `within` seconds. Raises DemoError."""
        sessions = await self._sign_in()
        with suppress(TimeoutError):
            async with asyncio.timeout(within), asyncio.TaskGroup() as group:
                for number, row in enumerate(self._run.rows):
                    author = Author(self._api, sessions[row.account], self._run, number)
                    self._board.file(author.planned(row))
                    group.create_task(self._file_and_follow(author, row))

    async def _sign_in(self) -> Mapping[str, Session]:
        async def sign_in(name: str) -> tuple[str, Session]:
            async with self._limit:
                return name, await self._api.sign_in(self._run.accounts[name])

        names = {row.account for row in self._run.rows}
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(sign_in(name)) for name in sorted(names)]
        return dict(task.result() for task in tasks)

    async def _file_and_follow(self, author: Author, row: DemoRequest) -> None:
        linked = await self._taken_up[row.about] if row.about else None
        async with self._limit:
            conversation = await author.begin(row, linked)
        self._board.file(conversation.submission)
        while conversation.submission.name not in self._board.settled:
            await asyncio.sleep(POLL_SECONDS)
            await self._poll(conversation)

    async def _poll(self, conversation: Conversation) -> None:
        """Read the state as the author, and say what is due; when all is said also read the timeline and the dates."""
        session, filed = conversation.author.session, conversation.submission
        async with self._limit:
            standing = await self._api.standing(session, filed.name, conversation.latest_act)
            if standing is None:
                return
            self._board.see(filed, standing)
            taken_up = self._taken_up.get(conversation.row.name or "")
            if taken_up and not taken_up.done() and standing.state not in NOT_TAKEN_UP:
                taken_up.set_result(conversation.filed)
            await conversation.go_on(standing)
            self._board.file(conversation.submission)
            if len(conversation.submission.acts) > len(filed.acts) or not conversation.is_over(standing):
                return
            entries = await self._api.timeline(session, filed.name)
            dates = await self._api.dates(session, filed.name)
        self._board.read_timeline(filed, entries, dates)
        if _complete(filed, entries):
            self._board.settled.add(filed.name)


def _complete(filed: Submission, entries: Sequence[Entry]) -> bool:
    """Whether every file and act was decided and every notice has ended."""
    kinds = Counter(entry.type for entry in entries)
    files = kinds["request.document-accepted"] + kinds["request.document-refused"]
    notices = sum(number for kind, number in kinds.items() if kind.startswith("delivery."))
    acts = len({entry.act_id for entry in entries if entry.act_id})
    due = sum(kinds[kind] for kind in NOTICED)
    return acts >= len(filed.acts) and files >= len(filed.all_files) and notices >= due
