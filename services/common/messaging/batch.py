"""How the records of a batch end: unreadable ones go to the dead letters, the rest through the shape.

If the shape raises, the batch is taken again in halves until the record that raises stands alone: in order, and at the
cost of a few batches however large it was.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import structlog

from services.common.errors import Away, HandedOver, Poison
from services.common.messaging.aggregate import End
from services.common.messaging.dead_letters import DeadLetters
from services.common.messaging.failpoints import ARMED, Failpoint, reach
from services.common.messaging.record import read, redriven_for
from services.common.messaging.shape import Shape, Taken
from services.common.telemetry import metrics, tracing
from services.common.telemetry.logging import where

if TYPE_CHECKING:
    from aiokafka import ConsumerRecord

log = structlog.get_logger()

Records = Sequence["ConsumerRecord[bytes, bytes]"]


class BatchTaker:
    """One group's way of taking records. Raises only `Away` and `HandedOver`, or what our own kernel got wrong."""

    def __init__(self, group: str, shape: Shape, letters: DeadLetters) -> None:
        self._group = group
        self._shape = shape
        self._letters = letters

    async def take(self, records: Records) -> None:
        batch: list[Taken] = []
        for record in records:
            try:
                if self._is_ours(record):
                    batch.append(Taken(read(record), record))
            except Poison as poison:
                await self._letters.send(record, poison.reason)
                ARMED and reach(Failpoint.UNREADABLE_DEAD_LETTERED)
                metrics.ended(self._group, End.DEAD_LETTERED, 1)
        with tracing.receiving(self._group, batch) as traced:
            await self._apply(traced)

    def _is_ours(self, record: "ConsumerRecord[bytes, bytes]") -> bool:
        """A record redriven for another group has been applied here, or waits here, under its first position."""
        redrive = redriven_for(record)
        return redrive is None or redrive.group == self._group

    async def _apply(self, batch: Sequence[Taken]) -> None:
        if not batch:
            return
        error = await self._attempt(batch)
        ARMED and reach(Failpoint.BATCH_TAKEN)
        if error is None:
            return
        if len(batch) == 1:
            await self._set_aside(batch[0], error)
            ARMED and reach(Failpoint.SET_ASIDE)
            return
        middle = len(batch) // 2
        await self._apply(batch[:middle])
        ARMED and reach(Failpoint.FIRST_HALF_TAKEN)
        await self._apply(batch[middle:])

    async def _attempt(self, batch: Sequence[Taken]) -> Exception | None:
        """What the shape raised, if it was the batch's own doing."""
        try:
            ends = await self._shape.take(batch)
        except (Away, HandedOver):
            raise
        except Exception as error:
            return error
        for end in End:
            metrics.ended(self._group, end, ends.count(end))
        return None

    async def _set_aside(self, taken: Taken, error: Exception) -> None:
        """End a record that can never be applied, or that our own bug cannot apply."""
        metrics.ended(self._group, End.DEAD_LETTERED, 1)
        if isinstance(error, Poison):
            await self._letters.send(taken.record, error.reason)
            ARMED and reach(Failpoint.POISON_DEAD_LETTERED)
        else:
            reason = f"bug:{type(error).__name__}"
            log.critical("a record cannot be applied", group=self._group, because=reason, exc_info=where(error))
            await self._letters.send(taken.record, reason)
            ARMED and reach(Failpoint.BUG_DEAD_LETTERED)
            await self._shape.block(taken)
