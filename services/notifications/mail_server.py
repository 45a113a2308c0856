"""The mail server's address, as its setting names it, with the protection that it requires."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final, Self
from urllib.parse import unquote, urlsplit


class Protection(StrEnum):
    """How the connection is protected, by the scheme of the URL."""

    IF_OFFERED = "smtp"
    """STARTTLS if the server offers it. No credentials."""

    STARTTLS = "smtp+starttls"
    """STARTTLS before anything else, or no mail."""

    TLS = "smtps"
    """TLS from the first byte."""


_PORTS: Final[Mapping[Protection, int]] = {
    Protection.IF_OFFERED: 25,
    Protection.STARTTLS: 587,
    Protection.TLS: 465,
}

_START_TLS: Final[Mapping[Protection, bool | None]] = {
    Protection.IF_OFFERED: None,
    Protection.STARTTLS: True,
    Protection.TLS: False,
}
"""The option of `aiosmtplib`; None upgrades the connection if the server offers it."""

_FORMS: Final = "the mail server is written smtp://host:port, smtp+starttls://user@host:port or smtps://user@host:port"


@dataclass(frozen=True, slots=True)
class Server:
    """With `user`, the client signs in. The certificate is always verified where TLS is required."""

    host: str
    port: int
    protection: Protection = Protection.IF_OFFERED
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, url: str) -> Self:
        """Parse `scheme://user@host:port`, without the password. Raises ValueError for anything else, and for a user without
        required TLS.
        """
        parts = urlsplit(url)
        if parts.scheme not in set(Protection) or not parts.hostname or parts.path.strip("/") or parts.query:
            raise ValueError(_FORMS)
        protection = Protection(parts.scheme)
        if parts.password is not None:
            raise ValueError("the password of the mail server has a setting of its own")
        if parts.username is not None and protection is Protection.IF_OFFERED:
            raise ValueError("a user needs a protected connection: smtps or smtp+starttls")
        user = unquote(parts.username) if parts.username else None
        return cls(parts.hostname, parts.port or _PORTS[protection], protection, user)

    def with_password(self, password: str | None) -> Self:
        """Raises ValueError unless user and password are both given, or neither is."""
        if bool(self.user) != bool(password):
            raise ValueError("the mail server needs both a user and a password, or none")
        return replace(self, password=password or None)

    def connection_options(self) -> dict[str, Any]:
        """The options of `aiosmtplib.SMTP` for this server."""
        return {
            "hostname": self.host,
            "port": self.port,
            "username": self.user,
            "password": self.password,
            "use_tls": self.protection is Protection.TLS,
            "start_tls": _START_TLS[self.protection],
        }
