"""Renders receipts as PDF with Typst: for people, archives (PDF/A-3a) and screen readers (PDF/UA-1)."""

import asyncio
import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import Final
from uuid import UUID

import segno
import typst

from gateway.limits.concurrency import ConcurrencyLimit, KeyedLimit
from gateway.receipts.document import Line, ReceiptDocument

IN_PROGRESS: Final = 16
"""Receipts that one process renders or is to render: the last one waits half a second."""

OF_ONE_ACCOUNT: Final = 4

_TEMPLATE: Final = Path(__file__).parent / "templates" / "receipt.typ"
_FONTS: Final = Path(__file__).parent / "fonts"

_BEYOND_LATIN: Final = re.compile("[^\u0020-\u024f\u2010-\u2027\u20ac]+")


class Renderer:
    """Renders in one thread, 20 ms each, so that neither the event loop waits nor the other cores."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="typst")
        self._limit = ConcurrencyLimit("receipts", IN_PROGRESS)
        self._accounts = KeyedLimit("receipts-of-one-account", OF_ONE_ACCOUNT)

    async def pdf(self, document: ReceiptDocument, account_id: UUID) -> bytes:
        """The same bytes for the same document. Raises the problem `busy`, or `too-many-at-once` at the limit of the account."""
        with self._accounts.acquire(account_id), self._limit:
            return await asyncio.get_running_loop().run_in_executor(self._thread, render, document)

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)


def render(document: ReceiptDocument) -> bytes:
    try:
        return _compiled(document)
    except typst.TypstError:
        # The standards refuse a character that no font has.
        return _compiled(_in_latin(document))


def etag_of(document: ReceiptDocument) -> str:
    """That of the bytes, without rendering them."""
    content = _source_digest() + document.model_dump_json().encode()
    return f'"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'


def _compiled(document: ReceiptDocument) -> bytes:
    return typst.compile(
        _template(),
        font_paths=_fonts(),
        sys_inputs={"receipt": document.model_dump_json(), "code": _code(document.code.address)},
        pdf_standards=["ua-1", "a-3a"],
    )


def _code(address: str) -> str:
    """The QR code as SVG. An address with a signature looks random, so that any mask reads well; trying all takes 40 ms."""
    drawn = BytesIO()
    segno.make_qr(address, error="l", mask=3).save(drawn, kind="svg", xmldecl=False, border=4)
    return drawn.getvalue().decode()


def _in_latin(document: ReceiptDocument) -> ReceiptDocument:
    """The document with all characters beyond the Latin letters as their numbers in Unicode, such as `[U+1F600]`."""
    deadline = document.deadline
    if deadline is not None:
        deadline = deadline.model_copy(update={"sentences": tuple(map(_numbered, deadline.sentences))})
    lines = {"rows": document.rows, "hashes": document.hashes}
    changes = {
        name: tuple(Line(name=_numbered(each.name), value=_numbered(each.value)) for each in found)
        for name, found in lines.items()
    }
    return document.model_copy(update={**changes, "deadline": deadline, "is_numbered": True})


def _numbered(text: str) -> str:
    return _BEYOND_LATIN.sub(lambda found: f"[{' '.join(f'U+{ord(each):04X}' for each in found[0])}]", text)


@cache
def _template() -> bytes:
    return _TEMPLATE.read_bytes()


@cache
def _fonts() -> typst.Fonts:
    """Ours and those of the package: with the machine's fonts, machines would render differently."""
    return typst.Fonts(include_system_fonts=False, font_paths=[_FONTS])


@cache
def _source_digest() -> bytes:
    """What the bytes depend on beside the document."""
    sources = (_template(), *(each.read_bytes() for each in sorted(_FONTS.iterdir())), version("typst").encode())
    return hashlib.sha256(b"".join(hashlib.sha256(each).digest() for each in sources)).digest()
