"""Answers concurrent questions together, in batches."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar

Question = TypeVar("Question")
Answer = TypeVar("Answer")

MAX_BATCH: Final = 200
"""Maximum questions of one batch."""


class Coalescer(Generic[Question, Answer]):
    """Collects the questions that arrive while a batch is being answered into the next batch. A single question is
    answered at once.

    `answer` returns one answer for each question, in order. If it raises, every question of the batch raises the same.
    """

    def __init__(self, answer: Callable[[Sequence[Question]], Awaitable[Sequence[Answer]]]) -> None:
        self._answer = answer
        self._pending: list[tuple[Question, asyncio.Future[Answer]]] = []
        self._task: asyncio.Task[None] | None = None

    async def ask(self, question: Question) -> Answer:
        """The answer to `question`. Raises what `answer` raises for its batch."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._pending.append((question, future))
        if self._task is None or self._task.done():
            # A separate task: if the first caller is cancelled, the others still get their answers.
            self._task = asyncio.create_task(self._answer_all())
        return await future

    async def _answer_all(self) -> None:
        while self._pending:
            batch, self._pending = self._pending[:MAX_BATCH], self._pending[MAX_BATCH:]
            futures = [future for _, future in batch]
            try:
                answers = await self._answer([question for question, _ in batch])
            except Exception as error:
                for future in futures:
                    if not future.done():
                        future.set_exception(error)
            else:
                for future, answer in zip(futures, answers, strict=True):
                    if not future.done():
                        future.set_result(answer)
