"""Questions that are asked at the same time, answered together."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar

Question = TypeVar("Question")
Answer = TypeVar("Answer")

MOST: Final = 200
"""Questions answered at once."""


class Coalescer(Generic[Question, Answer]):
    """While some questions are being answered the next ones gather. A question that comes alone waits for nobody.

    `answer` gives an answer for each question, in order; what it raises is raised to all who asked together.
    """

    def __init__(self, answer: Callable[[Sequence[Question]], Awaitable[Sequence[Answer]]]) -> None:
        self._answer = answer
        self._asked: list[tuple[Question, asyncio.Future[Answer]]] = []
        self._answering: asyncio.Task[None] | None = None

    async def ask(self, question: Question) -> Answer:
        answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._asked.append((question, answered))
        if self._answering is None or self._answering.done():
            # A task of its own: whoever asked first may leave, and the others still be answered.
            self._answering = asyncio.create_task(self._answer_all())
        return await answered

    async def _answer_all(self) -> None:
        while self._asked:
            asked, self._asked = self._asked[:MOST], self._asked[MOST:]
            waiting = [answered for _, answered in asked]
            try:
                answers = await self._answer([question for question, _ in asked])
            except Exception as error:
                for each in waiting:
                    if not each.done():
                        each.set_exception(error)
            else:
                for each, answer in zip(waiting, answers, strict=True):
                    if not each.done():
                        each.set_result(answer)
