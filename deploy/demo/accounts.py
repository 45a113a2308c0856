"""Create the demo accounts as an operator does: recorded on the audit topic."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from deploy.demo.data import DemoAccount
from deploy.demo.errors import DemoError
from deploy.local.home import Home
from deploy.operator.accounts import check_accounts, import_accounts
from deploy.operator.audit import Actor
from deploy.operator.errors import OperatorError
from deploy.operator.session import open_session
from deploy.operator.target import local_target

WITHIN_SECONDS: Final = 60.0


async def create_accounts(accounts: Sequence[DemoAccount], home: Home, env: Mapping[str, str]) -> int:
    """Create missing accounts and update different ones, at the stack in `home`. Returns their number. Raises DemoError.

    `env`: the variables of the stack's processes.
    """
    lines = [account.model_dump_json(exclude={"key"}).encode() for account in accounts]
    imported: list[object] = []
    try:
        async with asyncio.timeout(WITHIN_SECONDS), open_session(local_target(env, home)) as session:
            identity = await session.identity()
            actor = Actor(identity.user, identity.identity, "accounts of the demonstration")
            checked = await check_accounts(session, lines)
            await import_accounts(session, actor, lines, checked, imported.extend)
    except TimeoutError:
        raise DemoError(f"The demo accounts were not created within {WITHIN_SECONDS:.0f} s.") from None
    except OperatorError as error:
        raise DemoError(f"The demo accounts could not be created: {error}") from None
    return len(imported)
