"""`/estado`: what works, for people."""

from fastapi import APIRouter
from starlette.responses import Response

from gateway.portal.page import PageDep, PageRoute
from gateway.status.texts import OVERALL, PART_NAMES, SENTENCES, STATE_NAMES

router = APIRouter(route_class=PageRoute)


@router.get("/estado")
async def get_status_page(page: PageDep) -> Response:
    report, language = page.services.status.report(), page.language
    parts = [
        (
            part,
            PART_NAMES[name].in_(language),
            STATE_NAMES[part.state].in_(language),
            SENTENCES[name, part.state].in_(language),
        )
        for name, part in report.parts.items()
    ]
    return page.render("status/status.html", report=report, parts=parts, overall=OVERALL[report.state].in_(language))
