"""Shared by the operator's commands: the common options, and the connections that they need."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from deploy.operator.audit import Actor
from deploy.operator.errors import OperatorError
from deploy.operator.identity import IdentityRefused
from deploy.operator.operation_log import write_security_line
from deploy.operator.session import OperatorSession, open_session
from deploy.operator.target import resolve_target

T = TypeVar("T")


@dataclass(frozen=True)
class Invocation:
    """The options that all operator commands have. `do`: False is a dry run."""

    home: Path
    reason: str | None = None
    do: bool = False
    as_json: bool = False

    @property
    def dry_run(self) -> str:
        """The last line of a dry run."""
        return f"Nothing was done: this was a dry run. Add --yes{'' if self.reason else ' --reason WHY'} to do it."

    def require_reason(self, what: str) -> None:
        """An operation needs a reason for the audit topic, a dry run none. Raises OperatorError, which begins with `what`."""
        if self.do and not self.reason:
            raise OperatorError(f"{what}: say with --reason why.")

    async def actor(self, session: OperatorSession) -> Actor:
        """Who runs the command, and why. Raises IdentityRefused."""
        try:
            identity = await session.identity()
        except IdentityRefused:
            write_security_line(session.target.log, "identity-refused")
            raise
        return Actor(identity.user, identity.identity, self.reason)

    def with_session(self, work: Callable[[OperatorSession], Awaitable[T]]) -> T:
        """Connect, run `work` and return its result. Raises OperatorError."""

        async def run() -> T:
            async with open_session(resolve_target(self.home)) as session:
                return await work(session)

        try:
            return asyncio.run(run())
        except KeyboardInterrupt:
            raise OperatorError(
                "Stopped. The finished part stays done, and the same command continues from there."
            ) from None
