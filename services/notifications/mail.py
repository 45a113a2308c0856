"""The mail provider: SMTP connections kept open between mails, and its errors told apart once."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Final, Self
from urllib.parse import urlsplit

import aiosmtplib

from services.notifications.domain import FailureKind
from services.notifications.errors import NotSent

COMMAND_TIMEOUT: Final = 10.0
"""Seconds the server has to answer one command."""

IDLE_FOR: Final = 1.0
"""Seconds after which a kept connection is asked whether it still lives before a mail is trusted to it."""

MAILS_EACH: Final = 100
"""Mails sent on one connection before it is closed: servers count, and cut off those who stay too long."""

_GOING_AWAY: Final = 421


@dataclass(frozen=True, slots=True)
class Server:
    host: str
    port: int

    @classmethod
    def parse(cls, url: str) -> Self:
        """`smtp://host:port`; the port may lack. Raises ValueError for anything else."""
        parts = urlsplit(url)
        if parts.scheme != "smtp" or not parts.hostname or parts.username or parts.path.strip("/"):
            raise ValueError("the mail server is written smtp://host:port")
        return cls(parts.hostname, parts.port or 25)


class Connection:
    """One open conversation with the server. `broken` while it is not known to be at the start of a new mail."""

    def __init__(self, smtp: aiosmtplib.SMTP) -> None:
        self.smtp = smtp
        self.mails = 0
        self.broken = False
        self.used_at = time.monotonic()

    async def send(self, mail: EmailMessage) -> None:
        """Return once the server has taken responsibility for the mail. Raises `NotSent`."""
        self.broken = True
        try:
            await self.smtp.send_message(mail)
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            self.broken = not _still_in_step(error)
            raise trouble_in(error) from None
        self.broken = False
        self.mails += 1
        self.used_at = time.monotonic()

    async def lives(self) -> bool:
        """Whether a mail may be trusted to it; asks the server when it has been idle."""
        self.broken = self.broken or self.mails >= MAILS_EACH or not self.smtp.is_connected
        if self.broken:
            return False
        if time.monotonic() - self.used_at < IDLE_FOR:
            return True
        self.broken = True
        with suppress(aiosmtplib.SMTPException, OSError):
            await self.smtp.noop()
            self.broken = False
        return not self.broken


class Mailer:
    """Connections to one server: opened when needed, given back when whole."""

    def __init__(self, server: Server, hostname: str, *, timeout: float = COMMAND_TIMEOUT) -> None:
        self._server = server
        self._hostname = hostname
        self._timeout = timeout
        self._idle: list[Connection] = []

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection of one's own. Raises `NotSent` (away) when there is none to be had."""
        connection = await self._kept() or await self._opened()
        try:
            yield connection
        finally:
            # One cut in the middle of a command would give its next user an answer meant for somebody else.
            if connection.broken:
                connection.smtp.close()
            else:
                self._idle.append(connection)

    async def _kept(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            try:
                if await connection.lives():
                    return connection
            finally:
                if connection.broken:
                    connection.smtp.close()
        return None

    async def _opened(self) -> Connection:
        smtp = aiosmtplib.SMTP(
            hostname=self._server.host,
            port=self._server.port,
            local_hostname=self._hostname,
            timeout=self._timeout,
        )
        try:
            await smtp.connect()
        except (aiosmtplib.SMTPException, OSError) as error:
            raise NotSent(FailureKind.AWAY, "smtp-away") from error
        return Connection(smtp)

    async def close(self) -> None:
        """Take leave of the server, as it is expected to be done."""
        while self._idle:
            connection = self._idle.pop()
            with suppress(aiosmtplib.SMTPException, OSError):
                await connection.smtp.quit(timeout=1)
            connection.smtp.close()


def trouble_in(error: Exception) -> NotSent:
    """What an error of the provider means for this delivery.

    Only what the server says of this recipient or this mail can be final. A refusal of our own address, or of the
    conversation, would meet every mail alike: that is a server, or a setting of ours, to be mended.
    """
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return trouble_in(error.recipients[0])
    if isinstance(error, aiosmtplib.SMTPSenderRefused):
        return NotSent(FailureKind.AWAY, f"smtp-sender-{error.code}")
    if isinstance(error, aiosmtplib.SMTPRecipientRefused | aiosmtplib.SMTPDataError):
        if error.code == _GOING_AWAY:
            return NotSent(FailureKind.AWAY, f"smtp-{error.code}")
        trouble = FailureKind.REFUSED if 500 <= error.code < 600 else FailureKind.DEFERRED
        return NotSent(trouble, f"smtp-{error.code}")
    if isinstance(error, aiosmtplib.SMTPTimeoutError):
        return NotSent(FailureKind.AWAY, "smtp-timeout")
    if isinstance(error, aiosmtplib.SMTPNotSupported | ValueError):
        return NotSent(FailureKind.REFUSED, "bad-address")
    return NotSent(FailureKind.AWAY, "smtp-away")


def _still_in_step(error: Exception) -> bool:
    """Whether the server answered and was reset, so that the next mail may use the same connection."""
    refusal = aiosmtplib.SMTPRecipientsRefused | aiosmtplib.SMTPResponseException
    return isinstance(error, refusal) and trouble_in(error).trouble is not FailureKind.AWAY
