"""`/avisos`: the notices about the newest requests, and whether each arrived."""

import asyncio
from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from gateway.portal.page import Own, PageDep, PageRoute
from gateway.requests.presenter import RequestPresenter
from gateway.requests.timeline_presenter import TimelinePresenter
from services.common.catalogue import catalogue

router = APIRouter(route_class=PageRoute)

REQUESTS: Final = 20
"""The newest requests, whose notices are shown."""


@router.get("/avisos")
async def get_notices_page(page: PageDep, reader: Own) -> Response:
    queries = page.services.queries
    views, more = await queries.list(reader.session, None, None, REQUESTS)
    found = await asyncio.gather(*(queries.find(reader.session, view.reference, None) for view in views))
    requests, timelines = RequestPresenter(catalogue(), page.language), TimelinePresenter(catalogue(), page.language)
    groups = []
    for each in found:
        if each is not None and each.view is not None:
            notices = [entry for entry in timelines.timeline(each).entries if entry.channel]
            groups.append((requests.summary(each.view), notices[::-1]))
    shown = [(request, notices) for request, notices in groups if notices]
    shown.sort(key=lambda group: group[1][0].at, reverse=True)
    return page.render("requests/notices.html", groups=shown, more=more is not None, email=reader.account.email)
