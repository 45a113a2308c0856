"""The mail as it goes over the wire. Written out here: Python's own `EmailMessage` took two milliseconds for each."""

import re
from base64 import b64encode
from binascii import b2a_qp
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.utils import format_datetime, parseaddr
from typing import Final

from services.notifications.domain import Addressee, Delivery, FailureKind
from services.notifications.errors import NotSent
from services.notifications.mail_templates import RenderedMail, one_line

_MAILBOX: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[^\s@<>()\[\],;:\\\"]{1,190}")
_PLAIN: Final = re.compile(r"[A-Za-z0-9 ,.'!-]{1,60}")
"""Words that need no encoding in a subject; in a name, without the comma and the dot."""

_PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9 '!-]{1,60}")
_WORD: Final = 30
"""Bytes in one encoded word: a line that begins with the header's name stays below 76 (RFC 2047, section 2)."""

_FOLD: Final = "\r\n "


@dataclass(frozen=True, slots=True)
class Mail:
    """`content` is ASCII, and its lines end as SMTP wants them."""

    sender: str
    recipient: str
    content: bytes


def mailbox(text: str) -> Address:
    """`Name <local@domain>` as headers take it. Raises ValueError when it is no such thing."""
    name, address = parseaddr(text)
    return Address(one_line(name), addr_spec=_ascii(address))


def compose(delivery: Delivery, letter: RenderedMail, sender: Address, to: Addressee, now: datetime) -> Mail:
    """The mail. Raises `NotSent` (refused) for an address that no mail can go to.

    Whatever a header is given, it cannot break a line: words are plain, or encoded.
    """
    addressee = _addressee(to)
    # It follows no "=" in what is quoted-printable, so no text can hold it.
    boundary = f"=_{delivery.id.hex}"
    head = (
        f"From: {_named(sender)}",
        f"To: {_named(addressee)}",
        f"Subject: {_encoded(letter.subject, _PLAIN)}",
        f"Date: {format_datetime(now)}",
        f"Message-ID: {one_line(delivery.message_id, 900)}",
        "Auto-Submitted: auto-generated",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/alternative; boundary="{boundary}"',
        f"Content-Language: {letter.language}",
        "",
        *_part(boundary, "plain", letter.text),
        *_part(boundary, "html", letter.html),
        f"--{boundary}--",
        "",
    )
    return Mail(sender.addr_spec, addressee.addr_spec, "\r\n".join(head).encode("ascii"))


def _part(boundary: str, kind: str, text: str) -> Iterator[str]:
    yield f"--{boundary}"
    yield f'Content-Type: text/{kind}; charset="utf-8"'
    yield "Content-Transfer-Encoding: quoted-printable"
    yield ""
    yield b2a_qp("\r\n".join([*text.splitlines(), ""]).encode()).decode("ascii")


def _named(address: Address) -> str:
    if not address.display_name:
        return address.addr_spec
    return f"{_encoded(address.display_name, _PLAIN_NAME)}{_FOLD}<{address.addr_spec}>"


def _encoded(text: str, plain: re.Pattern[str]) -> str:
    return text if plain.fullmatch(text) else _FOLD.join(map(_word, _pieces(text)))


def _word(piece: str) -> str:
    return f"=?utf-8?b?{b64encode(piece.encode()).decode('ascii')}?="


def _pieces(text: str) -> Iterator[str]:
    """Of at most so many bytes, and never cut within a character."""
    piece, size = "", 0
    for each in text:
        more = len(each.encode())
        if size + more > _WORD:
            yield piece
            piece, size = "", 0
        piece, size = piece + each, size + more
    yield piece


def _addressee(to: Addressee) -> Address:
    try:
        return Address(one_line(to.name), addr_spec=_ascii(to.email))
    except (ValueError, MessageError, IndexError):
        raise NotSent(FailureKind.REFUSED, "bad-address") from None


def _ascii(address: str) -> str:
    """The address as every server takes it: an international domain in its ASCII form."""
    if not _MAILBOX.fullmatch(address):
        raise ValueError("this is not a mail address")
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain.encode('idna').decode()}"
