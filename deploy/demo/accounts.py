"""The demo accounts, made by the gateway's own command."""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from deploy.demo.data import DemoAccount
from deploy.demo.errors import DemoError
from deploy.local import table

WITHIN_SECONDS: Final = 60.0


async def create_accounts(accounts: Sequence[DemoAccount], env: Mapping[str, str]) -> int:
    """Create what lacks and bring up to date what differs; how many there are now. Raises DemoError."""
    lines = "".join(f"{account.model_dump_json(exclude={'key'})}\n" for account in accounts)
    command = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "gateway.accounts",
        env={**table.inherited(), **env},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(WITHIN_SECONDS):
            made, trouble = await command.communicate(lines.encode())
    except TimeoutError:
        raise DemoError(f"The demo accounts were not created within {WITHIN_SECONDS:.0f} s.") from None
    finally:
        if command.returncode is None:
            command.kill()
            await command.wait()
    if command.returncode:
        said = trouble.decode(errors="replace").strip().rpartition("\n")[2]
        raise DemoError(f"The demo accounts could not be created: {said or f'code {command.returncode}'}")
    return len(made.splitlines())
