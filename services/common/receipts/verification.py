"""Verifies a signed receipt with published keys. Needs nothing else: also a program without a network can."""

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal

import jwt
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.common.receipts.signed_deadline import SignedDeadline

TYPE: Final = "postigo-receipt+jws"
"""The `typ` of the header: a token of another kind is no receipt, even if the same key signed it."""

ALGORITHM: Final = "EdDSA"

MAX_LENGTH: Final = 20_000
"""Characters of a signed receipt."""

Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]

Because = Literal["malformed", "other-type", "unknown-key", "signature", "content"]


class SignedFile(BaseModel):
    """A file of the request, as its author sent it. `sha256` is that of its bytes, in hexadecimal."""

    name: str | None = None
    sha256: Sha256


class MergedFiles(BaseModel):
    """The files of a request in the code of a receipt on paper, if it has no room for each. `sha256` is that of the SHA-256 of all
    files in hexadecimal, in their order, each with a line end after it.
    """

    count: int
    sha256: Sha256


class ReceiptClaims(BaseModel):
    """What a receipt says. `text_sha256` is that of the description in UTF-8, in hexadecimal. `answers_sha256` is that of the answers to
    questions as JSON in UTF-8: one object, by the names of the questions, sorted, without blanks. `department` and `deadline` are missing
    until the request was assigned; `as_of` is when the latest of what is said here happened. The code of a receipt on paper
    has no names of files, and of many files `merged_files` in place of `files`.
    """

    model_config = ConfigDict(extra="ignore")

    reference: str
    filed_at: datetime
    as_of: datetime
    subject: str | None = None
    reason: str | None = None
    text_sha256: Sha256 | None = None
    answers_sha256: Sha256 | None = None
    files: tuple[SignedFile, ...] = ()
    merged_files: MergedFiles | None = None
    department: str | None = None
    deadline: SignedDeadline | None = None


class NotAReceipt(Exception):
    """The text is no receipt that one of the keys signed."""

    def __init__(self, because: Because) -> None:
        super().__init__(because)
        self.because: Because = because


def receipt_in(text: str) -> str:
    """The receipt in what somebody pasted. Mail programs break long lines; the code on paper is an address that ends in `#` and
    the receipt.
    """
    return "".join(text.split()).rpartition("#")[2]


def verify(text: str, jwks: Mapping[str, Any]) -> ReceiptClaims:
    """What the receipt says. `jwks`: the published keys (RFC 7517). Raises `NotAReceipt`."""
    token = receipt_in(text)
    if len(token) > MAX_LENGTH or token.count(".") != 2 or not all(map(_is_canonical, token.split("."))):
        raise NotAReceipt("malformed")
    try:
        header = jwt.get_unverified_header(token)
    except jwt.InvalidTokenError:
        raise NotAReceipt("malformed") from None
    if header.get("typ") != TYPE or header.get("alg") != ALGORITHM:
        raise NotAReceipt("other-type")
    key = next((each for each in jwks.get("keys", ()) if each.get("kid") == header.get("kid")), None)
    if key is None:
        raise NotAReceipt("unknown-key")
    try:
        payload = jwt.PyJWS().decode(token, jwt.PyJWK(key).key, algorithms=[ALGORITHM])
    except (jwt.InvalidTokenError, jwt.PyJWKError):
        raise NotAReceipt("signature") from None
    try:
        return ReceiptClaims.model_validate_json(payload)
    except ValidationError:
        raise NotAReceipt("content") from None


def _is_canonical(part: str) -> bool:
    """Whether this is how its bytes are written: some last letters have bits that no byte needs, and that readers ignore."""
    try:
        decoded = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return False
    return base64.urlsafe_b64encode(decoded).rstrip(b"=").decode() == part
