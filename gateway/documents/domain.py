"""What a file is called and which id it has: pure rules."""

import re
from typing import Final
from urllib.parse import unquote_to_bytes
from uuid import UUID

from gateway.accounts.domain import Session
from services.common.domain.identifiers import keyed_id
from services.common.text import clean_file_name

_EXTENDED: Final = re.compile(r";\s*filename\*\s*=\s*([A-Za-z0-9-]+)'[^']*'([^;\s]+)", re.IGNORECASE)
_QUOTED: Final = re.compile(r';\s*filename\s*=\s*"((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_TOKEN: Final = re.compile(r";\s*filename\s*=\s*([^;\s\"]+)", re.IGNORECASE)


def document_id_of(secret: bytes, session: Session, key: str) -> UUID:
    """From owner, acting person and key alone: the bytes are compared where they are stored."""
    return keyed_id(secret, b"document", session.account_id.bytes, session.actor_id.bytes, key.encode())


def name_of(content_disposition: str, media_type: str) -> str:
    """The file name of a `Content-Disposition` (RFC 6266; `filename*` wins), made harmless."""
    name = _extended(content_disposition)
    if name is None:
        found = _QUOTED.search(content_disposition)
        name = _as_utf8(re.sub(r"\\(.)", r"\1", found[1])) if found else None
    if name is None:
        found = _TOKEN.search(content_disposition)
        name = _as_utf8(found[1]) if found else ""
    return clean_file_name(name, media_type)


def _as_utf8(name: str) -> str:
    """A header's text is read as Latin-1; what most clients send there is UTF-8, which hardly any other text is too."""
    try:
        return name.encode("latin-1").decode()
    except UnicodeError:
        return name


def _extended(header: str) -> str | None:
    found = _EXTENDED.search(header)
    if found is None or found[1].lower() not in {"utf-8", "iso-8859-1"}:
        return None
    try:
        return unquote_to_bytes(found[2]).decode(found[1])
    except UnicodeDecodeError:
        return None
