"""The wait before a retry while an engine is unavailable."""

import asyncio
import random
from typing import Final

LONGEST_WAIT: Final = 2.0
"""Maximum seconds between two tries. A longer wait inside a batch could lose the membership of the consumer group."""


async def sleep_with_jitter() -> None:
    """Wait 0.5 to 2 seconds. The jitter spreads the retries of all processes that wait for the same engine."""
    await asyncio.sleep(random.uniform(0.25, 1.0) * LONGEST_WAIT)
