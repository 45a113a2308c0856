"""Make the tokens of departments as an operator does: recorded on the audit topic."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from deploy.demo.department import HANDLERS
from deploy.demo.errors import DemoError
from deploy.local.home import Home
from deploy.operator.audit import Actor
from deploy.operator.department_tokens import make_token
from deploy.operator.errors import OperatorError
from deploy.operator.session import open_session
from deploy.operator.target import local_target

WITHIN_SECONDS: Final = 60.0
DAYS: Final = 30


async def department_tokens(codes: Sequence[str], home: Home, env: Mapping[str, str]) -> dict[str, str]:
    """The tokens of those of the departments that need one, by the variable that passes it. Raises DemoError.

    `env`: the variables of the processes of the stack in `home`.
    """
    needed = sorted({code for code, _, _ in HANDLERS} & set(codes))
    if not needed:
        return {}
    try:
        async with asyncio.timeout(WITHIN_SECONDS), open_session(local_target(env, home)) as session:
            identity = await session.identity()
            actor = Actor(identity.user, identity.identity, "departments of the demonstration")
            made = {code: await make_token(session, actor, code, DAYS) for code in needed}
    except TimeoutError:
        raise DemoError(f"The tokens of departments were not made within {WITHIN_SECONDS:.0f} s.") from None
    except OperatorError as error:
        raise DemoError(f"The tokens of departments could not be made: {error}") from None
    return {f"DEPARTMENT_TOKEN_{code.upper()}": token for code, (token, _) in made.items()}
