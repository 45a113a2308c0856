"""The receipt of a request as a PDF: an answer to its author."""

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from gateway.receipts.claims import claims_of
from gateway.receipts.document import DocumentWriter
from gateway.receipts.rendering import Renderer, etag_of
from gateway.requests.names import Names
from gateway.requests.queries import Found, not_found
from services.common.catalogue import Language
from services.common.http.etag import is_known
from services.common.receipts.signing import ReceiptKeys

PDF: Final = "application/pdf"

PDF_CONTENT: Final[dict[str, Any]] = {"content": {PDF: {"schema": {"type": "string", "format": "binary"}}}}
"""The response in the API's description."""


class ReceiptPrinter:
    """`public_url`: the portal's, which the code of a receipt leads to."""

    def __init__(self, keys: ReceiptKeys, public_url: str) -> None:
        self._writer = DocumentWriter(keys, public_url)
        self.renderer = Renderer()

    async def response(self, request: Request, found: Found, language: Language) -> Response:
        """The PDF as a download; 304 if the client has it. Raises the problem `not-found` until the view of the request is written,
        and those of `Renderer.pdf`.
        """
        claims = claims_of(found)
        if claims is None or found.view is None:
            raise not_found()
        document = self._writer.document(claims, Names(language), found.view.catalogue_version)
        headers = {
            "ETag": etag_of(document),
            "Cache-Control": "no-store",
            "Content-Language": language,
            "Vary": "Accept-Language, Authorization, Cookie",
        }
        if is_known(request, headers["ETag"]):
            return Response(status_code=304, headers=headers)
        headers["Content-Disposition"] = f'attachment; filename="{claims.reference}.pdf"'
        return Response(await self.renderer.pdf(document, found.receipt.account_id), headers=headers, media_type=PDF)
