"""Create the demo accounts with the gateway's own command."""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from deploy.demo.data import DemoAccount
from deploy.demo.errors import DemoError
from deploy.local import table

WITHIN_SECONDS: Final = 60.0


async def create_accounts(accounts: Sequence[DemoAccount], env: Mapping[str, str]) -> int:
    """Create missing accounts and update different ones. Returns the number of accounts. Raises DemoError."""
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
            output, errors = await command.communicate(lines.encode())
    except TimeoutError:
        raise DemoError(f"The demo accounts were not created within {WITHIN_SECONDS:.0f} s.") from None
    finally:
        if command.returncode is None:
            command.kill()
            await command.wait()
    if command.returncode:
        reason = errors.decode(errors="replace").strip().rpartition("\n")[2]
        raise DemoError(f"The demo accounts could not be created: {reason or f'code {command.returncode}'}")
    return len(output.splitlines())
