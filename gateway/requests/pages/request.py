"""`/pedidos/{reference}`: one request, its dates and its receipt."""

from collections.abc import Mapping
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from gateway.live.api import MAX_SEQ
from gateway.portal.page import Page, PageDep, PageRoute, Reader, ReaderDep
from gateway.receipts.claims import claims_of
from gateway.requests.conversation import conversation
from gateway.requests.deadline_presenter import DeadlinePresenter
from gateway.requests.held_withdrawals import HeldWithdrawal
from gateway.requests.possible_acts import PossibleAct, needs_author, possible_acts
from gateway.requests.presenter import RequestPresenter
from gateway.requests.queries import Found
from gateway.requests.status import status_of
from gateway.requests.timeline_presenter import TimelinePresenter
from services.common.http import problem_types
from services.common.http.problems import Problem

router = APIRouter(route_class=PageRoute)

Seq = Annotated[int | None, Query(ge=0, le=MAX_SEQ)]

AFTER: Final = "depois"
"""The query parameter with the id of an act: the page waits a moment for its outcome, and says it."""

SAID: Final = "ato"
"""The query parameter that says what the act was: `mensagem`, `documentos` or `avaliacao`."""

UNDONE: Final = "anulada"
"""The query parameter that says that the author wanted to undo a withdrawal."""


@router.get("/pedidos/{reference}")
async def get_request_page(page: PageDep, reader: ReaderDep, reference: str) -> Response:
    after = _uuid(page.request.query_params.get(AFTER, ""))
    found = await page.services.queries.get(reader.session, reference, None, after)
    if found.receipt.reference != reference:
        return page.go_to(f"/pedidos/{found.receipt.reference}")
    return await _render(page, "requests/request.html", found, after)


@router.get("/pedidos/{reference}/atual")
async def get_live_regions(page: PageDep, reader: ReaderDep, reference: str, seq: Seq = None) -> Response:
    """The regions of the page that live updates replace. `seq`: waits a moment until the view has this fact."""
    found = await page.services.queries.get(reader.session, reference, None, seq=seq)
    return await _render(page, "requests/live.html", found)


async def _render(page: Page, template: str, found: Found, after: UUID | None = None) -> Response:
    timeline = TimelinePresenter(page.language).timeline(found)
    request = RequestPresenter(page.language).request(found, after)
    page.subject = request.subject
    return page.render(
        template,
        request=request,
        outcome=request.act,
        can=acts_possible_now(page, found),
        is_task=found.view is not None and needs_author(status_of(found.view), page.today),
        held=await held_withdrawal(page, found),
        undone=UNDONE in page.request.query_params,
        said=page.request.query_params.get(SAID, ""),
        seq=max(map(int, found.view.facts), default=0) if found.view else 0,
        messages=conversation(request, timeline),
        history=[*reversed(timeline.entries)],
        names={each.document_id: each.name for each in request.files if each.name},
    )


async def held_withdrawal(page: Page, found: Found) -> HeldWithdrawal | None:
    """The author's withdrawal of the request, until it took effect or the request was decided before."""
    if found.view and PossibleAct.WITHDRAW not in acts_possible_now(page, found):
        return None
    receipt = found.receipt
    return await page.services.held_withdrawals.store.find(receipt.reference, receipt.account_id)


def acts_possible_now(page: Page, found: Found) -> frozenset[PossibleAct]:
    """What its author can do to the request now; nothing until there is a view of it."""
    return possible_acts(status_of(found.view), page.today) if found.view else frozenset()


@router.get("/pedidos/{reference}/prazos")
async def get_dates_page(page: PageDep, reader: ReaderDep, reference: str) -> Response:
    found = await page.services.queries.get(reader.session, reference, None)
    return page.render(
        "requests/dates.html",
        request=RequestPresenter(page.language).request(found),
        dates=DeadlinePresenter(page.language).explanation(found),
    )


@router.get("/pedidos/{reference}/recibo")
async def get_receipt_page(page: PageDep, reader: ReaderDep, reference: str) -> Response:
    """It may be printed, and read again at any time."""
    queries = page.services.queries
    found = await queries.get(reader.session, reference, None)
    presenter = RequestPresenter(page.language)
    draft = page.request.query_params.get("rascunho", "")
    return page.render(
        "requests/receipt.html",
        receipt=presenter.receipt(found.receipt, queries.secret),
        request=presenter.request(found),
        is_signed=claims_of(found) is not None,
        email=reader.account.email,
        draft=draft if _uuid(draft) else "",
        names=await _names_in_draft(page, reader, draft),
    )


async def _names_in_draft(page: Page, reader: Reader, draft: str) -> Mapping[UUID, str]:
    """The names of the files as their author sent them, until the request has them. Empty without its draft."""
    draft_id = _uuid(draft)
    if draft_id is None:
        return {}
    try:
        found = await page.services.drafts.find(reader.session, draft_id)
    except Problem as problem:
        if problem.kind is not problem_types.NOT_FOUND:
            raise
        return {}
    return {each.document_id: each.name for each in found.files}


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
