"""The tokens with which departments list their cases, by signed calls to the gateway, which stores their hashes."""

from collections.abc import Sequence
from typing import Final

from deploy.operator.audit import Actor
from deploy.operator.errors import OperatorError
from deploy.operator.internal_calls import call
from deploy.operator.session import OperatorSession
from services.common.contracts.internal import (
    DepartmentTokenInfo,
    DepartmentTokens,
    EndedDepartmentToken,
    NewDepartmentToken,
)
from services.common.domain.tokens import hash_of, new_token

MAKE: Final = "/internal/department-tokens"
LIST: Final = "/internal/department-tokens/list"
END: Final = "/internal/department-tokens/end"


async def list_tokens(session: OperatorSession) -> Sequence[DepartmentTokenInfo]:
    """All tokens by department, the oldest first, expired ones too. Raises OperatorError."""
    return (await call(session, "gateway", LIST, None, DepartmentTokens)).tokens


async def find_token(session: OperatorSession, identifier: str) -> DepartmentTokenInfo:
    """The valid token with this id. Raises OperatorError."""
    found = [each for each in await list_tokens(session) if each.id == identifier and each.valid]
    if not found:
        raise OperatorError(f"There is no valid token '{identifier}': 'postigo departments tokens' lists them.")
    return found[0]


async def make_token(
    session: OperatorSession, actor: Actor, department: str, days: int
) -> tuple[str, DepartmentTokenInfo]:
    """A new token, and what is stored of it. The token is made here and never sent. Raises OperatorError."""
    token = new_token()
    made = NewDepartmentToken(token_hash=hash_of(token), department=department, days=days)
    terms = {"department": department, "days": str(days)}
    async with session.operation(actor, "make-token", 1, terms) as audit:
        (stored,) = (await call(session, "gateway", MAKE, made, DepartmentTokens)).tokens
        audit.counts["made"] = 1
    return token, stored


async def revoke_token(session: OperatorSession, actor: Actor, token: DepartmentTokenInfo) -> None:
    """End the token at once. Raises OperatorError."""
    terms = {"department": token.department, "token": token.id}
    async with session.operation(actor, "revoke-token", 1, terms) as audit:
        ended = await call(session, "gateway", END, EndedDepartmentToken(id=token.id), DepartmentTokens)
        audit.counts["revoked"] = len(ended.tokens)
