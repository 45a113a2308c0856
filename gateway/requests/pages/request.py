"""`/pedidos/{reference}`: one request, its dates and its receipt."""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from gateway.portal.page import Own, Page, PageDep, PageRoute
from gateway.requests.conversation import conversation
from gateway.requests.deadline_presenter import DeadlinePresenter
from gateway.requests.possible_acts import PossibleAct, possible_acts
from gateway.requests.presenter import RequestPresenter
from gateway.requests.queries import Found
from gateway.requests.status import status_of
from gateway.requests.timeline_presenter import TimelinePresenter
from services.common.catalogue import catalogue
from services.common.legal_clock import day_of

router = APIRouter(route_class=PageRoute)

AFTER: Final = "depois"
"""The query parameter with the id of an act: the page waits a moment for its outcome, and says it."""

UNDONE: Final = "anulada"
"""The query parameter that says whether a withdrawal was undone: `sim` or `nao`."""


@router.get("/pedidos/{reference}")
async def get_request_page(page: PageDep, reader: Own, reference: str) -> Response:
    after = _act_id(page.request.query_params.get(AFTER, ""))
    found = await page.services.queries.get(reader.session, reference, None, after)
    if found.receipt.reference != reference:
        return page.go_to(f"/pedidos/{found.receipt.reference}")
    undone = page.request.query_params.get(UNDONE)
    return await _render(page, "requests/request.html", found, after, undone=undone)


@router.get("/pedidos/{reference}/atual")
async def get_live_regions(page: PageDep, reader: Own, reference: str, seq: int | None = None) -> Response:
    """The regions of the page that live updates replace. `seq`: waits a moment until the view has this fact."""
    found = await page.services.queries.get(reader.session, reference, None, seq=seq)
    return await _render(page, "requests/live.html", found)


async def _render(page: Page, template: str, found: Found, after: UUID | None = None, **values: Any) -> Response:
    timeline = TimelinePresenter(catalogue(), page.language).timeline(found)
    request = RequestPresenter(catalogue(), page.language).request(found, after)
    page.subject = request.subject
    held = await page.services.held_withdrawals.store.of_account(found.receipt.account_id)
    return page.render(
        template,
        request=request,
        outcome=request.act,
        can=acts_on(found),
        held=held.get(request.reference),
        messages=conversation(request, timeline),
        history=[*reversed(timeline.entries)],
        names={each.document_id: each.name for each in request.files if each.name},
        **values,
    )


def acts_on(found: Found) -> frozenset[PossibleAct]:
    """What its author can do to the request now; nothing until there is a view of it."""
    return possible_acts(status_of(found.view), day_of(datetime.now(UTC))) if found.view else frozenset()


@router.get("/pedidos/{reference}/prazos")
async def get_dates_page(page: PageDep, reader: Own, reference: str) -> Response:
    found = await page.services.queries.get(reader.session, reference, None)
    return page.render(
        "requests/dates.html",
        request=RequestPresenter(catalogue(), page.language).request(found),
        dates=DeadlinePresenter(page.language).explanation(found),
    )


@router.get("/pedidos/{reference}/recibo")
async def get_receipt_page(page: PageDep, reader: Own, reference: str) -> Response:
    """It may be printed, and read again at any time."""
    queries = page.services.queries
    found = await queries.get(reader.session, reference, None)
    presenter = RequestPresenter(catalogue(), page.language)
    return page.render(
        "requests/receipt.html",
        receipt=presenter.receipt(found.receipt, queries.secret),
        request=presenter.request(found),
        email=reader.account.email,
        draft=page.request.query_params.get("rascunho", ""),
    )


def _act_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
