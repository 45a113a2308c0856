"""`/inicio`: what needs the person, what is in analysis, what is concluded."""

import asyncio
from collections.abc import Sequence
from typing import Final, NamedTuple

from fastapi import APIRouter
from starlette.responses import Response

from gateway.portal.page import Page, PageDep, PageRoute, Reader, ReaderDep
from gateway.requests.list_filter import ListFilter
from gateway.requests.next_step import next_step
from gateway.requests.possible_acts import needs_author
from gateway.requests.presenter import RequestPresenter
from gateway.requests.read_schemas import RequestSummary
from gateway.requests.status import status_of
from gateway.requests.view import RequestView
from services.common.contracts.lifecycle import State

router = APIRouter(route_class=PageRoute)

SHOWN: Final = 5
"""Requests of each group on the home page."""

WAITING: Final = (State.AWAITING_DOCUMENTS, State.ANSWERED)
RUNNING: Final = (State.IN_ANALYSIS, State.REGISTERED, State.RECEIVED)
ENDED: Final = (State.CONCLUDED, State.WITHDRAWN, State.REJECTED)


class Listed(NamedTuple):
    """A request, the sentence that says what its author can do, and whether it waits for that."""

    request: RequestSummary
    next_step: str
    is_task: bool


@router.get("/inicio")
async def get_home(page: PageDep, reader: ReaderDep) -> Response:
    held = await page.services.held_withdrawals.store.of_account(reader.session.account_id)
    groups = (_newest(page, reader, states) for states in (WAITING, RUNNING, ENDED))
    waiting, running, ended = await asyncio.gather(*groups)
    tasks = [each for each in (*waiting, *running) if each.is_task and each.request.reference not in held]
    return page.render(
        "requests/home.html",
        waiting=tasks,
        drafts=await page.services.drafts.list(reader.session),
        shown=SHOWN,
        running=[each for each in (*waiting, *running) if each not in tasks],
        ended=ended,
        is_draft_deleted="eliminado" in page.request.query_params,
        held=held,
    )


async def _newest(page: Page, reader: Reader, states: Sequence[State]) -> list[Listed]:
    """The newest requests in these states, the last filed first."""
    queries = page.services.queries
    pages = [await queries.list(reader.session, ListFilter(states=(state,)), None, SHOWN) for state in states]
    listed = sorted((view for views, _ in pages for view in views), key=lambda view: view.filed_at, reverse=True)
    found = await asyncio.gather(*(queries.find(reader.session, view.reference, None) for view in listed[:SHOWN]))
    return [_listed(page, each.view) for each in found if each is not None and each.view is not None]


def _listed(page: Page, view: RequestView) -> Listed:
    status, today = status_of(view), page.today
    summary = RequestPresenter(page.language).summary(view)
    return Listed(summary, next_step(status, today, page.language), needs_author(status, today))
