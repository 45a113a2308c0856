"""`postigo receipt verify`: whether a receipt is valid, with keys that were saved before."""

from pathlib import Path
from typing import Any, Final

import orjson
import typer

from deploy.cli.printing import console, print_json, printable, table
from deploy.operator.errors import OperatorError
from services.common.receipts.verification import Because, NotAReceipt, verify

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
        claims = verify(_text(file), jwks)
    except NotAReceipt as error:
        if as_json:
            print_json({"valid": False, "because": error.because})
            raise typer.Exit(1) from None
        raise OperatorError(SENTENCES[error.because]) from None
    said = claims.model_dump(mode="json", exclude_none=True)
    if as_json:
        print_json({"valid": True, "claims": said})
        return
    rendered = table("what", "value")
    for name, value in said.items():
        rendered.add_row(name, printable(value if isinstance(value, str) else orjson.dumps(value).decode()))
    console().print(rendered, markup=False)
    console().print("The receipt is valid.", style="green")


def _keys(file: Path) -> dict[str, Any]:
    try:
        found = orjson.loads(_text(file))
    except orjson.JSONDecodeError:
        raise OperatorError(f"{file} has no keys in JSON.") from None
    if not isinstance(found, dict) or not isinstance(found.get("keys"), list):
        raise OperatorError(f"{file} has no keys: save the answer of /v1/receipts/keys.")
    return found


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise OperatorError(f"{file} cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise OperatorError(f"{file} is no text.") from None
