"""An operation in a process of its own, so that a test can kill it: `… PREFIX redrive`, `discard` or `replay`."""

import asyncio
import os
import sys
from pathlib import Path

from tests.integration.operator.operator_environment import discard, redrive, replay, session_for


async def main(prefix: str, action: str) -> None:
    async with session_for(prefix, dict(os.environ), Path(os.devnull)) as session:
        # A low rate, so that there are several batches.
        if action == "redrive":
            await redrive(session, f"{prefix}-accounts", rate=4)
        elif action == "replay":
            await replay(session, f"{prefix}.bookings.v1", f"{prefix}-slips", rate=4)
        else:
            await discard(session, f"group={prefix}-accounts", "reason=bug:*")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
