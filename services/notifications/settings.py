"""The settings of notifications, beside those of every process."""

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
    """`smtp://host:port`. The connection is encrypted if the server offers STARTTLS."""

    gateway_url: Url
    """The gateway's internal listener, which knows the recipients."""

    public_url: Url
    """The beginning of the links in the mails."""

    mail_from: Annotated[str, AfterValidator(_mailbox)] = "Postigo <nao-responder@postigo.example>"
    """The sender of the mails. Its domain is also the domain of their Message-IDs."""
