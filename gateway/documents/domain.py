"""The name and the id of an uploaded file. Pure: no input or output."""

import re
from typing import Final
from urllib.parse import unquote_to_bytes
from uuid import UUID

from gateway.accounts.domain import Session
from services.common.contracts.limits import MEDIA_TYPES
from services.common.domain.identifiers import keyed_id
from services.common.text.file_names import file_name

_EXTENDED: Final = re.compile(r";\s*filename\*\s*=\s*([A-Za-z0-9-]+)'[^']*'([^;\s]+)", re.IGNORECASE)
_QUOTED: Final = re.compile(r';\s*filename\s*=\s*"((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_TOKEN: Final = re.compile(r";\s*filename\s*=\s*([^;\s\"]+)", re.IGNORECASE)


def document_id_of(secret: bytes, session: Session, key: str) -> UUID:
    """The id derives from owner, acting person and key. The documents service compares the content of a retry."""
    return keyed_id(secret, b"document", session.account_id.bytes, session.actor_id.bytes, key.encode())


def name_of(content_disposition: str, media_type: str) -> str:
    """The file name of a `Content-Disposition` (RFC 6266; `filename*` takes precedence), sanitised."""
    name = _extended(content_disposition)
    if name is None:
        match = _QUOTED.search(content_disposition)
        name = _as_utf8(re.sub(r"\\(.)", r"\1", match[1])) if match else None
    if name is None:
        match = _TOKEN.search(content_disposition)
        name = _as_utf8(match[1]) if match else ""
    return file_name(name, MEDIA_TYPES[media_type])


def _as_utf8(name: str) -> str:
    """Starlette decodes headers as Latin-1, but most clients send UTF-8. Latin-1 text is hardly ever valid UTF-8."""
    try:
        return name.encode("latin-1").decode()
    except UnicodeError:
        return name


def _extended(header: str) -> str | None:
    match = _EXTENDED.search(header)
    if match is None or match[1].lower() not in {"utf-8", "iso-8859-1"}:
        return None
    try:
        return unquote_to_bytes(match[2]).decode(match[1])
    except UnicodeDecodeError:
        return None
