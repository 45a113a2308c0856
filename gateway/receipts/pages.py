"""`/validar`: whether a receipt is valid, for everybody. And the receipt of an own request as a file: signed, and as a PDF."""

from http import HTTPStatus
from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from gateway.portal.page import Page, PageDep, PageRoute, ReaderDep
from gateway.receipts.claims import claims_of
from gateway.receipts.verdicts import EMPTY, SENTENCES, VALID
from gateway.requests.names import Names
from gateway.requests.queries import not_found
from services.common.receipts.verification import NotAReceipt, verify
from services.common.text.legal_dates import reason

router = APIRouter(route_class=PageRoute)

VERIFIED: Final = "verificado"
"""The hidden field with the receipt that the page shows, so that the other language shows it too."""


@router.get("/validar")
async def get_verification_page(page: PageDep) -> Response:
    return _form(page)


@router.post("/validar")
async def verify_receipt(page: PageDep) -> Response:
    typed = page.form.value("recibo").strip()
    if page.switches_language:
        typed = typed or page.form.value(VERIFIED)
    if page.switches_language and not typed:
        return _form(page)
    if not typed:
        return _form(page, verdict=EMPTY.in_(page.language))
    try:
        claims = verify(typed, page.services.receipt_keys.jwks)
    except NotAReceipt as error:
        verdict = SENTENCES[error.because].in_(page.language)
        return _form(page, typed, verdict)
    names = Names(page.language)
    counted = claims.deadline and claims.deadline.counted()
    return page.render(
        "receipts/verify.html",
        typed=typed,
        verified=VERIFIED,
        verdict=VALID.in_(page.language),
        claims=claims,
        subject=names.subject(claims.subject),
        reason=names.reason(claims.reason),
        department=names.department(claims.department),
        is_short=claims.merged_files is not None or any(not each.name for each in claims.files),
        sentences=[*reason(counted, page.language)] if counted else [],
    )


def _form(page: Page, typed: str = "", verdict: str = "") -> Response:
    """The page without a valid receipt. `verdict`: why `typed` is none."""
    status = HTTPStatus.UNPROCESSABLE_ENTITY if verdict else HTTPStatus.OK
    return page.render("receipts/verify.html", status, typed=typed, verdict=verdict, claims=None)


@router.get("/pedidos/{reference}/recibo-assinado")
async def download_receipt(page: PageDep, reader: ReaderDep, reference: str) -> Response:
    """The signed receipt as a file of one line."""
    found = await page.services.queries.get(reader.session, reference, None)
    claims = claims_of(found)
    if claims is None:
        raise not_found()
    name = f"{found.receipt.reference}.jws"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(page.services.receipt_keys.sign(claims) + "\n", headers=headers, media_type="application/jose")


@router.get("/pedidos/{reference}/recibo.pdf")
async def download_pdf(page: PageDep, reader: ReaderDep, reference: str) -> Response:
    found = await page.services.queries.get(reader.session, reference, None)
    return await page.services.receipt_printer.response(page.request, found, page.language)
