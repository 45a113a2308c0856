"""`postigo receipt verify`: whether a receipt is valid, with keys that were saved before."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import orjson
import typer

from deploy.cli.printing import console, print_json, printable, table
from deploy.operator.errors import OperatorError
from services.common.receipts.verification import Because, NotAReceipt, ReceiptClaims, verify
from services.common.text.legal_dates import reason

SENTENCES: Final[dict[Because, str]] = {
    "malformed": "This is not a whole receipt.",
    "other-type": "This is no receipt of Postigo.",
    "unknown-key": "None of the keys signed it: save /v1/receipts/keys again, or it is of another service.",
    "signature": "It is not valid: something in it changed after it was signed.",
    "content": "The signature is right, but what it signs is no receipt.",
}


def verify_file(file: Path, keys: Path, *, as_json: bool) -> None:
    jwks = _keys(keys)
    try:
        claims = verify(_receipt(file), jwks)
    except NotAReceipt as error:
        if as_json:
            print_json({"valid": False, "because": error.because})
            raise typer.Exit(1) from None
        raise OperatorError(SENTENCES[error.because]) from None
    if as_json:
        print_json({"valid": True, "claims": claims.model_dump(mode="json", exclude_none=True)})
        return
    rendered = table("what", "value")
    for name, value in _rows(claims):
        rendered.add_row(name, printable(value))
    console().print(rendered, markup=False)
    console().print("The receipt is valid.", style="green")


def _rows(claims: ReceiptClaims) -> Iterator[tuple[str, str]]:
    """What the receipt says; of the legal date, the reason in words."""
    said = claims.model_dump(mode="json", exclude_none=True, exclude={"deadline"})
    for name, value in said.items():
        yield name, value if isinstance(value, str) else orjson.dumps(value).decode()
    if claims.deadline is not None:
        yield "due_on", claims.deadline.due_on.isoformat()
        counted = claims.deadline.counted()
        yield from (("because", each) for each in (reason(counted, "en") if counted else ()))


def _receipt(file: Path) -> str:
    """The text of the file; of a PDF, that of the receipt which is attached to it."""
    content = _bytes(file)
    return _attached(content) if content.startswith(b"%PDF-") else _decoded(content)


def _attached(content: bytes) -> str:
    from pypdf import PdfReader

    try:
        attachments = PdfReader(BytesIO(content)).attachments
        found = [each for name, contents in attachments.items() if name.endswith(".jws") for each in contents]
    except Exception:
        # A damaged file makes pypdf raise errors of any kind.
        raise OperatorError("The PDF is damaged.") from None
    if len(found) != 1:
        raise OperatorError("No receipt is attached to the PDF.")
    return _decoded(found[0])


def _keys(file: Path) -> dict[str, Any]:
    try:
        found = orjson.loads(_bytes(file))
    except orjson.JSONDecodeError:
        raise OperatorError(f"{file} has no keys in JSON.") from None
    if not isinstance(found, dict) or not isinstance(found.get("keys"), list):
        raise OperatorError(f"{file} has no keys: save the answer of /v1/receipts/keys.")
    return found


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise OperatorError(f"{file} cannot be read ({error.strerror}).") from None


def _decoded(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise OperatorError("The receipt is no text.") from None
