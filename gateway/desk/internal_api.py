"""Internal calls about the tokens of departments, for an operator."""

from datetime import UTC, datetime

from fastapi import APIRouter, Depends

from gateway.dependencies import ServicesDep
from gateway.desk.domain import DepartmentToken
from services.common.contracts.internal import (
    DepartmentTokenInfo,
    DepartmentTokens,
    EndedDepartmentToken,
    NewDepartmentToken,
)
from services.common.http.internal_auth import require_signature
from services.common.http.strict_json import StrictJsonRoute

router = APIRouter(
    prefix="/internal/department-tokens",
    route_class=StrictJsonRoute,
    dependencies=[Depends(require_signature)],
    include_in_schema=False,
)


@router.post("")
async def add_token(body: NewDepartmentToken, services: ServicesDep) -> DepartmentTokens:
    """Add a token that the operator's command made. The answer has it."""
    now = datetime.now(UTC)
    token = DepartmentToken.of(body.token_hash, body.department, now, body.days)
    await services.desk.tokens.add(token)
    return _listed([token], now)


@router.post("/list")
async def list_tokens(services: ServicesDep) -> DepartmentTokens:
    """All tokens, expired ones too."""
    return _listed(await services.desk.tokens.all(), datetime.now(UTC))


@router.post("/end")
async def end_token(body: EndedDepartmentToken, services: ServicesDep) -> DepartmentTokens:
    """End a token at once. The answer has it; nothing if there is no valid one with this id."""
    now = datetime.now(UTC)
    found = [each for each in await services.desk.tokens.all() if each.id == body.id and each.is_valid(now)]
    for each in found:
        await services.desk.tokens.end(each, now)
    return _listed(found, now)


def _listed(tokens: list[DepartmentToken], now: datetime) -> DepartmentTokens:
    return DepartmentTokens(
        tokens=tuple(
            DepartmentTokenInfo(
                id=each.id,
                department=each.department,
                created_at=each.created_at,
                expires_at=each.expires_at,
                valid=each.is_valid(now),
            )
            for each in tokens
        )
    )
