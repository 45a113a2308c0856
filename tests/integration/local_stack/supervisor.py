"""A supervisor that a test kills: `python -m tests.integration.local_stack.supervisor HOME`. Prints `up` when ready."""

import asyncio
import sys
from pathlib import Path

from tests.integration.local_stack.harness import empty_stack, start_program


async def main(home: Path) -> None:
    async with empty_stack(home) as stack:
        await start_program(stack, "one", {"CHILD": "1", "CHILD_PID_FILE": str(home / "child")})
        await start_program(stack, "two")
        print("up", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
