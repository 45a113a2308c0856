"""`/v1/receipts`: the keys that sign receipts, and the verification of one. Needs no session."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Request, Response
from pydantic import Field

from gateway.dependencies import AcceptedLanguage, ServicesDep
from gateway.receipts.verdicts import SENTENCES, VALID
from gateway.requests.schemas import RequestBody
from services.common.contracts.base import Text
from services.common.domain.values import Value
from services.common.http import problem_types
from services.common.http.problems import problem_responses
from services.common.http.strict_json import StrictJsonRoute
from services.common.receipts.verification import (
    MAX_LENGTH,
    Because,
    NotAReceipt,
    ReceiptClaims,
    receipt_in,
    verify,
)
from services.common.text.validators import cleaned

router = APIRouter(prefix="/v1/receipts", tags=["receipts"], route_class=StrictJsonRoute)

_KEY_PROBLEMS: Final[Any] = problem_responses(problem_types.INVALID)
_PROBLEMS: Final[Any] = problem_responses(
    problem_types.NOT_JSON, problem_types.TOO_LARGE, problem_types.MEDIA_TYPE, problem_types.INVALID
)


class ReceiptToVerify(RequestBody):
    """The text of a receipt, as it was downloaded or as its code on paper says it."""

    receipt: Annotated[
        Text,
        Field(max_length=MAX_LENGTH, description="The `jws` of a receipt, or the address in its code."),
        cleaned(receipt_in),
    ]


class Verdict(Value):
    """Whether the receipt is valid, and why not; what a valid one says."""

    valid: bool
    because: Because | None = None
    detail: str
    claims: ReceiptClaims | None = None


class PublicKey(Value):
    """A public key (RFC 7517, RFC 8037). `kid` is its thumbprint (RFC 7638)."""

    kty: str
    crv: str
    x: str
    kid: str
    use: str
    alg: str


class PublicKeys(Value):
    keys: tuple[PublicKey, ...]


@router.get(
    "/keys",
    responses=_KEY_PROBLEMS,
    summary="Keys that sign receipts",
    response_description="Public keys as JWKS (RFC 7517).",
)
async def get_keys(services: ServicesDep, response: Response) -> PublicKeys:
    """Keep them to verify receipts offline. After a rotation the earlier keys stay here."""
    response.headers["Cache-Control"] = "public, max-age=3600"
    return PublicKeys.model_validate(services.receipt_keys.jwks)


@router.post(
    "/verify",
    responses=_PROBLEMS,
    summary="Verify a receipt",
    response_description="Whether the receipt is valid, and what it says.",
)
async def verify_receipt(
    body: ReceiptToVerify, request: Request, services: ServicesDep, language: AcceptedLanguage, response: Response
) -> Verdict:
    """Anybody may verify a receipt. One that was changed in one letter is not valid."""
    response.headers["Cache-Control"] = "no-store"
    try:
        claims = verify(body.receipt, services.receipt_keys.jwks)
    except NotAReceipt as error:
        return Verdict(valid=False, because=error.because, detail=SENTENCES[error.because].in_(language))
    return Verdict(valid=True, detail=VALID.in_(language), claims=claims)
