"""`/validar`: whether a receipt is valid, for everybody. And the signed receipt of an own request as a file."""

from fastapi import APIRouter
from starlette.responses import Response

from gateway.portal.page import PageDep, PageRoute, ReaderDep
from gateway.receipts.claims import claims_of
from gateway.receipts.verdicts import SENTENCES, VALID
from gateway.requests.names import Names
from gateway.requests.queries import not_found
from services.common.receipts.verification import NotAReceipt, verify

router = APIRouter(route_class=PageRoute)


@router.get("/validar")
async def get_verification_page(page: PageDep) -> Response:
    return page.render("receipts/verify.html", typed="", verdict="", claims=None)


@router.post("/validar")
async def verify_receipt(page: PageDep) -> Response:
    typed = page.form.value("recibo").strip()
    if not typed or page.switches_language:
        return page.render("receipts/verify.html", typed=typed, verdict="", claims=None)
    try:
        claims = verify(typed, page.services.receipt_keys.jwks)
    except NotAReceipt as error:
        verdict = SENTENCES[error.because].in_(page.language)
        return page.render("receipts/verify.html", 422, typed=typed, verdict=verdict, claims=None)
    names = Names(page.language)
    return page.render(
        "receipts/verify.html",
        typed=typed,
        verdict=VALID.in_(page.language),
        claims=claims,
        subject=names.subject(claims.subject),
        department=names.department(claims.department),
    )


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
