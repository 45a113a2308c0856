"""`/avisos`: the notices about the newest requests, which of them are unread, and why one did not arrive."""

import asyncio
from datetime import UTC, datetime

from fastapi import APIRouter
from starlette.responses import Response

from gateway.portal.page import PageDep, PageRoute, ReaderDep
from gateway.requests.list_filter import ListFilter
from gateway.requests.notice_marks import REQUESTS
from gateway.requests.presenter import RequestPresenter
from gateway.requests.timeline_presenter import TimelinePresenter
from gateway.requests.visible_facts import SKIPPED

router = APIRouter(route_class=PageRoute)


@router.get("/avisos")
async def get_notices_page(page: PageDep, reader: ReaderDep) -> Response:
    queries = page.services.queries
    views, more = await queries.list(reader.session, ListFilter(), None, REQUESTS)
    found = await asyncio.gather(*(queries.find(reader.session, view.reference, None) for view in views))
    requests, timelines = RequestPresenter(page.language), TimelinePresenter(page.language)
    groups = []
    for each in found:
        if each is not None and each.view is not None:
            entries = timelines.timeline(each).entries
            notices = [entry for entry in entries if entry.channel and entry.type != SKIPPED]
            groups.append((requests.summary(each.view), notices[::-1]))
    shown = [(request, notices) for request, notices in groups if notices]
    shown.sort(key=lambda group: group[1][0].at, reverse=True)
    return page.render(
        "requests/notices.html",
        groups=shown,
        more=more is not None,
        email=reader.account.email,
        read_until=await page.services.notice_marks.find(reader.session.actor_id),
        newest=max((entry.at for _, notices in shown for entry in notices), default=None),
    )


@router.post("/avisos")
async def mark_notices_as_read(page: PageDep, reader: ReaderDep) -> Response:
    """Mark those that the page showed: one that arrived since stays unread."""
    if (shown := _moment(page.form.value("ate"))) is not None:
        await page.services.notice_marks.mark_read(reader.session.actor_id, shown)
    return page.go_to("/avisos")


def _moment(text: str) -> datetime | None:
    """The time of the newest notice that was shown; None for a text that is none, or is in the future."""
    try:
        moment = datetime.fromisoformat(text)
        at = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return at if moment.tzinfo and at <= datetime.now(UTC) else None
