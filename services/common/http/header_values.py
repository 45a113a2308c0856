"""Header values with parameters, and the file name of a `Content-Disposition` (RFC 6266, RFC 8187, RFC 2047).

The standard library's parser prefers `filename` to `filename*` and takes a quoted Windows path apart; `python-multipart` decodes
neither `filename*` nor encoded words.
"""

import codecs
import re
from email.errors import MessageError
from email.header import decode_header, make_header
from typing import Final
from urllib.parse import unquote_to_bytes

_PIECE: Final = re.compile(r'(?:"(?:[^"\\]|\\.?)*+(?:"|$)|[^";])++', re.DOTALL)
"""A part between semicolons; a semicolon in quotation marks separates nothing. A backslash may be the last character: a
quotation that did not match to the end would be tried again from each of its characters, which takes quadratic time.
"""

_ESCAPED: Final = re.compile(r'\\(["\\])')
"""Other backslashes stay: clients that put Windows paths in quotation marks do not escape them."""

_EXTENDED: Final = re.compile(r"([A-Za-z0-9._-]+)'[^']*'(.*)")
_CHARSETS: Final = frozenset({"utf-8", "iso8859-1", "iso8859-15", "cp1252", "ascii"})


def parse_parameters(value: str) -> tuple[str, dict[str, str]]:
    """The value before the first semicolon, in lower case, and the parameters by their lower-case names.

    Of repeated parameters the first counts.
    """
    first, found = "", dict[str, str]()
    for piece in _PIECE.findall(value):
        name, equals, content = piece.partition("=")
        if equals:
            found.setdefault(name.strip().lower(), _unquoted(content.strip()))
        else:
            first = first or name.strip().lower()
    return first, found


def file_name_of(content_disposition: str) -> str:
    """The file name, as it was sent; empty if there is none. `filename*` has priority."""
    parameters = parse_parameters(content_disposition)[1]
    extended = _extended(parameters.get("filename*", ""))
    return _plain(parameters.get("filename", "")) if extended is None else extended


def _unquoted(text: str) -> str:
    if not text.startswith('"'):
        return text
    return _ESCAPED.sub(r"\1", text[1:-1] if len(text) > 1 and text.endswith('"') else text[1:])


def _extended(text: str) -> str | None:
    """The text of an extended value such as `UTF-8''certid%C3%A3o.pdf` (RFC 8187); None if it cannot be decoded."""
    found = _EXTENDED.fullmatch(text)
    try:
        if found is None or codecs.lookup(found[1]).name not in _CHARSETS:
            return None
        return unquote_to_bytes(found[2].encode("latin-1")).decode(found[1])
    except (LookupError, UnicodeError):
        return None


def _plain(text: str) -> str:
    """Header values are read as Latin-1. Most clients send UTF-8 there, some send encoded words as in mails (RFC 2047)."""
    try:
        text = text.encode("latin-1").decode()
    except UnicodeError:
        # Text that is not UTF-8 was sent as Latin-1.
        return text
    try:
        return str(make_header(decode_header(text))) if "=?" in text else text
    except (MessageError, LookupError, ValueError):
        return text
