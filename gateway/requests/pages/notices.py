"""`/avisos`: the notices about the newest requests, and whether each arrived."""

import asyncio
from datetime import UTC, datetime

from fastapi import APIRouter
from starlette.responses import Response

from gateway.portal.page import Own, PageDep, PageRoute
from gateway.requests.notice_marks import REQUESTS
from gateway.requests.presenter import RequestPresenter
from gateway.requests.timeline_presenter import TimelinePresenter
from services.common.catalogue import catalogue

router = APIRouter(route_class=PageRoute)


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
    return page.render(
        "requests/notices.html",
        groups=shown,
        more=more is not None,
        email=reader.account.email,
        read_until=await page.services.notice_marks.find(reader.session.account_id),
        newest=max((notices[0].at for _, notices in shown), default=None),
    )


@router.post("/avisos")
async def mark_notices_as_read(page: PageDep, reader: Own) -> Response:
    """Mark those that the page showed: one that arrived since stays unread."""
    await page.services.notice_marks.move(reader.session.account_id, _moment(page.form.value("ate")))
    return page.go_to("/avisos")


def _moment(text: str) -> datetime:
    """The moment of the newest notice that was shown; the present for any other text."""
    now = datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return now
    return min(moment, now) if moment.tzinfo else now
