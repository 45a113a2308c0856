"""How long our loops wait for an engine that is away: short enough to lose no consumer group, and never in step."""

import asyncio
import random
from typing import Final

LONGEST_WAIT: Final = 2.0
"""Seconds between two tries; longer inside a batch would lose the group."""


async def sleep_with_jitter() -> None:
    """Wait before the next try. Jittered, so that all who wait do not come back at once."""
    await asyncio.sleep(random.uniform(0.25, 1.0) * LONGEST_WAIT)
