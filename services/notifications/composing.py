"""A notice as a mail: plain text and HTML, in ASCII on the wire."""

import re
from datetime import datetime
from email.errors import MessageError
from email.header import Header
from email.headerregistry import (
    Address,
    BaseHeader,
    HeaderRegistry,
    UniqueSingleAddressHeader,
    UniqueUnstructuredHeader,
)
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import parseaddr
from typing import Final

from services.notifications.domain import Addressee, Delivery, FailureKind
from services.notifications.errors import NotSent
from services.notifications.mail_templates import RenderedMail, one_line

_MAILBOX: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[^\s@<>()\[\],;:\\\"]{1,190}")
_ENCODING: Final = "quoted-printable"
_SHORT: Final = re.compile(r"[ !#-\[\]-~]{0,60}")
"""What needs neither encoding nor folding, even in quotation marks."""


class _To(UniqueSingleAddressHeader, BaseHeader):  # type: ignore[misc] # made by the registry in this order, too
    def fold(self, *, policy: Policy) -> str:
        name, address = self.address.display_name, self.address.addr_spec
        if _SHORT.fullmatch(name):
            return super().fold(policy=policy)
        return f"{_encoded(self.name, name, policy)} <{address}>{policy.linesep}"


class _Subject(UniqueUnstructuredHeader, BaseHeader):  # type: ignore[misc]
    def fold(self, *, policy: Policy) -> str:
        return super().fold(policy=policy) if _SHORT.fullmatch(self) else _encoded(self.name, self, policy)


def _encoded(name: str, text: str, policy: Policy) -> str:
    """The header by the older encoder. The newer one loses spaces where it folds, or adds some, by the version:
    https://github.com/python/cpython/issues/92081 and 144156; and quotes: issue 87720.
    """
    return f"{name}: {Header(text, 'utf-8', header_name=name).encode(linesep=policy.linesep)}{policy.linesep}"


_HEADERS: Final = HeaderRegistry()
_HEADERS.map_to_type("to", _To)
_HEADERS.map_to_type("subject", _Subject)
_POLICY: Final = SMTP.clone(header_factory=_HEADERS)


def mailbox(text: str) -> Address:
    """`Name <local@domain>` as headers take it. Raises ValueError when it is no such thing."""
    name, address = parseaddr(text)
    return Address(one_line(name), addr_spec=_ascii(address))


def compose(delivery: Delivery, letter: RenderedMail, sender: Address, to: Addressee, now: datetime) -> EmailMessage:
    """The mail: the same for every try of a delivery, but for its date.

    Raises `NotSent` (refused) for an address that no mail can go to.
    """
    mail = EmailMessage(_POLICY)
    mail["From"] = sender
    mail["To"] = _addressee(to)
    mail["Subject"] = letter.subject
    mail["Date"] = now
    mail["Message-ID"] = delivery.message_id
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(letter.text, cte=_ENCODING)
    # No text can hold it: what is quoted-printable has no "=_".
    mail.make_alternative(boundary=f"=_{delivery.id.hex}")
    mail.add_alternative(letter.html, subtype="html", cte=_ENCODING)
    # Last, as new content takes all `Content-` headers away.
    mail["Content-Language"] = letter.language
    return mail


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
