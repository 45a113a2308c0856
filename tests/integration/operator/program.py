"""An operator's act as a process of its own, so that a test can kill it: `… PREFIX redrive`, `discard` or `replay`."""

import asyncio
import os
import sys
from pathlib import Path

from tests.integration.operator.hands import discard, hand_of, redrive, replay


async def main(prefix: str, action: str) -> None:
    async with hand_of(prefix, dict(os.environ), Path(os.devnull)) as hand:
        # Slowly, so that there are several waves.
        if action == "redrive":
            await redrive(hand, f"{prefix}-accounts", rate=4)
        elif action == "replay":
            await replay(hand, f"{prefix}.bookings.v1", f"{prefix}-slips", rate=4)
        else:
            await discard(hand, f"group={prefix}-accounts", "reason=bug:*")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
