"""Composes the mail of a notice: plain text and HTML, sent as ASCII."""

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

from services.common.text import one_line
from services.common.text.email_addresses import parse_email_address
from services.notifications.domain import Addressee, Delivery, FailureKind
from services.notifications.errors import NotSent
from services.notifications.mail_templates import LONGEST, RenderedMail

_ENCODING: Final = "quoted-printable"
_SHORT: Final = re.compile(r"[ !#-\[\]-~]{0,60}")
"""A text that needs neither encoding nor folding, even in quotation marks."""


class _To(UniqueSingleAddressHeader, BaseHeader):  # type: ignore[misc] # the registry combines them in this order
    def fold(self, *, policy: Policy) -> str:
        name, address = self.address.display_name, self.address.addr_spec
        if _SHORT.fullmatch(name):
            return super().fold(policy=policy)
        return f"{_encoded(self.name, name, policy)} <{address}>{policy.linesep}"


class _Subject(UniqueUnstructuredHeader, BaseHeader):  # type: ignore[misc]
    def fold(self, *, policy: Policy) -> str:
        return super().fold(policy=policy) if _SHORT.fullmatch(self) else _encoded(self.name, self, policy)


def _encoded(name: str, text: str, policy: Policy) -> str:
    """The header, encoded by `email.header`. `email.headerregistry` loses or adds spaces where it folds, depending on the
    version (https://github.com/python/cpython/issues/92081 and 144156), and quotation marks (issue 87720).
    """
    return f"{name}: {Header(text, 'utf-8', header_name=name).encode(linesep=policy.linesep)}{policy.linesep}"


class _Headers(HeaderRegistry):
    """Creates the class of a header once. The base class creates it for every header: a third of the time of a mail."""

    def __init__(self) -> None:
        super().__init__()
        self._classes: dict[str, type] = {}

    def __getitem__(self, name: str) -> type:
        if name not in self._classes:
            self._classes[name] = super().__getitem__(name)
        return self._classes[name]


_HEADERS: Final = _Headers()
_HEADERS.map_to_type("to", _To)
_HEADERS.map_to_type("subject", _Subject)
_POLICY: Final = SMTP.clone(header_factory=_HEADERS)


def mailbox(text: str) -> Address:
    """Parse `Name <local@domain>`. Raises ValueError if it is something else."""
    name, address = parseaddr(text)
    return Address(one_line(name, LONGEST), addr_spec=parse_email_address(address).ascii)


def compose(delivery: Delivery, rendered: RenderedMail, sender: Address, to: Addressee, now: datetime) -> EmailMessage:
    """The mail. Every try of a delivery makes the same one, except for the date.

    Raises `NotSent` (refused) if the address is invalid.
    """
    mail = EmailMessage(_POLICY)
    mail["From"] = sender
    mail["To"] = _addressee(to)
    mail["Subject"] = rendered.subject
    mail["Date"] = now
    mail["Message-ID"] = delivery.message_id
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(rendered.text, cte=_ENCODING)
    # No text can contain this boundary: quoted-printable text has no "=_".
    mail.make_alternative(boundary=f"=_{delivery.id.hex}")
    mail.add_alternative(rendered.html, subtype="html", cte=_ENCODING)
    # Last, because adding content removes all `Content-` headers.
    mail["Content-Language"] = rendered.language
    return mail


def _addressee(to: Addressee) -> Address:
    try:
        return Address(one_line(to.name, LONGEST), addr_spec=parse_email_address(to.email).ascii)
    except (ValueError, MessageError, IndexError):
        raise NotSent(FailureKind.REFUSED, "bad-address") from None
