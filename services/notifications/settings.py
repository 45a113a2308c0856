"""What notifications is told beside what every process is."""

from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from services.common.runtime import settings
from services.notifications.composing import mailbox
from services.notifications.mail import Server

Url = Annotated[str, StringConstraints(pattern=r"^https?://\S+[^/\s]$")]


def _smtp(url: str) -> str:
    Server.parse(url)
    return url


def _mailbox(text: str) -> str:
    mailbox(text)
    return text


class Settings(settings.Settings):
    smtp_url: Annotated[str, AfterValidator(_smtp)]
    """`smtp://host:port`; the connection is encrypted where the server offers STARTTLS."""

    gateway_url: Url
    """Where the recipient of a notice is asked for."""

    public_url: Url
    """What the links in the mails begin with."""

    mail_from: Annotated[str, AfterValidator(_mailbox)] = "Postigo <nao-responder@postigo.example>"
    """Who the mails are from; its domain is also that of their Message-IDs."""
