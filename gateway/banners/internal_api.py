"""Internal calls about banners, for an operator."""

from datetime import UTC, datetime

from fastapi import APIRouter, Depends

from gateway.dependencies import ServicesDep
from services.common.catalogue import catalogue
from services.common.contracts.banners import (
    Banner,
    BannerClearing,
    BannerSetting,
    ClearedBanner,
    SetBanner,
    StoredBanners,
)
from services.common.http import problem_types
from services.common.http.field_errors import FieldError
from services.common.http.internal_auth import require_signature
from services.common.http.problems import Problem
from services.common.http.strict_json import StrictJsonRoute

router = APIRouter(
    prefix="/internal/banners",
    route_class=StrictJsonRoute,
    dependencies=[Depends(require_signature)],
    include_in_schema=False,
)


@router.post("/set")
async def set_banner(body: BannerSetting, services: ServicesDep) -> SetBanner:
    """Set the banner for everybody or of one subject. All replicas show it within ten seconds."""
    subject = body.banner.subject
    if subject is not None and catalogue().subject(subject) is None:
        raise Problem(problem_types.INVALID, FieldError("unknown_subject", pointer="/banner/subject"))
    banner = Banner(**body.banner.model_dump(), set_at=datetime.now(UTC))
    replaced = await services.stored_banners.find(subject)
    if body.do:
        await services.stored_banners.put(banner)
    return SetBanner(banner=banner, replaced=replaced)


@router.post("/list")
async def list_banners(services: ServicesDep) -> StoredBanners:
    """All banners, ended ones too."""
    return StoredBanners(banners=tuple(await services.stored_banners.all()))


@router.post("/clear")
async def clear_banner(body: BannerClearing, services: ServicesDep) -> ClearedBanner:
    """End the banner for everybody or of one subject. All replicas stop showing it within ten seconds."""
    return ClearedBanner(banner=await services.stored_banners.remove(body.subject))
