"""Waiting for a group to take what was appended for it, and keeping to a rate."""

import asyncio
import time
from collections.abc import Mapping
from typing import Final

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from deploy.operator.errors import OperatorError

LOOK_EVERY: Final = 0.1
PATIENCE: Final = 30.0
"""Seconds in which a group that lives takes something."""


async def taken(
    admin: AIOKafkaAdminClient, group: str, after: Mapping[TopicPartition, int], patience: float = PATIENCE
) -> None:
    """Return once `group` has ended all records below these offsets. Raises OperatorError when it takes nothing."""
    if not after:
        return
    moved, before = time.monotonic(), -1
    while True:
        found = await admin.list_consumer_group_offsets(group, partitions=list(after))
        stands = {tp: found[tp].offset if tp in found else -1 for tp in after}
        if all(stands[tp] >= offset for tp, offset in after.items()):
            return
        if (total := sum(stands.values())) != before:
            moved, before = time.monotonic(), total
        if time.monotonic() - moved > patience:
            raise OperatorError(
                f"{group} has taken nothing for {patience:.0f} s: see that it runs. What was appended lies on its topics "
                "and will be taken; the same command again goes on from there."
            )
        await asyncio.sleep(LOOK_EVERY)


class Pace:
    """At most so many records a second, on average."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._free_at = time.monotonic()

    async def after(self, count: int) -> None:
        """Wait as long as `count` records are due to take."""
        self._free_at = max(self._free_at, time.monotonic() - 1) + count / self.rate
        await asyncio.sleep(max(0.0, self._free_at - time.monotonic()))
