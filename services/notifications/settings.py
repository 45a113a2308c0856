"""The settings of notifications, beside those of every process."""

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, StringConstraints, ValidationInfo, field_validator

from services.common.runtime import settings
from services.notifications.composing import mailbox
from services.notifications.mail_server import Server

Url = Annotated[str, StringConstraints(pattern=r"^https?://\S+[^/\s]$")]


def _smtp(url: str) -> str:
    Server.parse(url)
    return url


def _mailbox(text: str) -> str:
    mailbox(text)
    return text


class Settings(settings.Settings):
    smtp_url: Annotated[str, AfterValidator(_smtp)]
    """`smtp://host:port` is encrypted if the server offers STARTTLS. `smtp+starttls://user@host:587` and
    `smtps://user@host:465` require TLS and a valid certificate, and sign in if they name a user."""

    smtp_password: Annotated[SecretStr | None, Field(default=None, validate_default=True)]
    """The password of that user. Empty means none."""

    gateway_url: Url
    """The gateway's internal listener, which knows the recipients."""

    public_url: Url
    """The beginning of the links in the mails."""

    mail_from: Annotated[str, AfterValidator(_mailbox)] = "Postigo <nao-responder@postigo.example>"
    """The sender of the mails. Its domain is also the domain of their Message-IDs."""

    @field_validator("smtp_password")
    @classmethod
    def _belongs_to_the_user(cls, password: SecretStr | None, given: ValidationInfo) -> SecretStr | None:
        if "smtp_url" in given.data:
            Server.parse(given.data["smtp_url"]).with_password(password.get_secret_value() if password else None)
        return password

    @property
    def mail_server(self) -> Server:
        password = self.smtp_password
        return Server.parse(self.smtp_url).with_password(password.get_secret_value() if password else None)
