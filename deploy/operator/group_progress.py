"""Wait until a group has processed records, and limit the rate at which they are appended."""

import asyncio
import time
from collections.abc import Mapping
from typing import Final

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from deploy.operator.errors import OperatorError

POLL_SECONDS: Final = 0.1
STALL_SECONDS: Final = 30.0
"""A running group commits at least one record in this time."""


async def wait_until_processed(
    admin: AIOKafkaAdminClient,
    group: str,
    end_offsets: Mapping[TopicPartition, int],
    stall_seconds: float = STALL_SECONDS,
) -> None:
    """Return once `group` has committed these offsets.

    Raises OperatorError when it commits nothing for `stall_seconds`.
    """
    if not end_offsets:
        return
    last_change, last_total = time.monotonic(), -1
    while True:
        offsets = await admin.list_consumer_group_offsets(group, partitions=list(end_offsets))
        committed = {tp: offsets[tp].offset if tp in offsets else -1 for tp in end_offsets}
        if all(committed[tp] >= offset for tp, offset in end_offsets.items()):
            return
        if (total := sum(committed.values())) != last_total:
            last_change, last_total = time.monotonic(), total
        if time.monotonic() - last_change > stall_seconds:
            raise OperatorError(
                f"{group} has processed nothing for {stall_seconds:.0f} s: check that it runs. The appended records "
                "stay on their topics and will be processed; the same command continues from there."
            )
        await asyncio.sleep(POLL_SECONDS)


class RateLimiter:
    """Limits records to `rate` a second on average, with a burst of one second."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._free_at = time.monotonic()

    async def wait(self, count: int) -> None:
        """Wait after `count` records were sent, until the next ones may be sent."""
        self._free_at = max(self._free_at, time.monotonic() - 1) + count / self.rate
        await asyncio.sleep(max(0.0, self._free_at - time.monotonic()))
