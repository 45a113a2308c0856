"""The mail server: a pool of SMTP connections, and the translation of their errors to `NotSent`."""

import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from email.message import EmailMessage
from typing import Final

import aiosmtplib

from services.notifications.domain import FailureKind
from services.notifications.errors import NotSent
from services.notifications.mail_server import Server

COMMAND_TIMEOUT: Final = 10.0
"""Seconds that the server has to answer one command."""

CHECK_AFTER_IDLE: Final = 1.0
"""Seconds of idleness after which a connection is checked with NOOP before it is used."""

MAILS_PER_CONNECTION: Final = 100
"""Mails sent on one connection before it is closed. Servers have such limits, too."""

_CLOSING: Final = 421
"""RFC 5321, 4.2.3: the server closes the connection."""


class Connection:
    """An open connection. `broken` is true unless the connection is known to be ready for a new mail."""

    def __init__(self, smtp: aiosmtplib.SMTP) -> None:
        self.smtp = smtp
        self.mails = 0
        self.broken = False
        self.used_at = time.monotonic()

    async def send(self, mail: EmailMessage) -> None:
        """Returns after the server has accepted the mail. Raises `NotSent`."""
        self.broken = True
        try:
            await self.smtp.send_message(mail)
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            self.broken = not _is_reset(error)
            raise not_sent(error) from None
        self.broken = False
        self.mails += 1
        self.used_at = time.monotonic()

    async def is_usable(self) -> bool:
        """Whether a mail may be sent on it. Sends NOOP if it has been idle."""
        self.broken = self.broken or self.mails >= MAILS_PER_CONNECTION or not self.smtp.is_connected
        if self.broken:
            return False
        if time.monotonic() - self.used_at < CHECK_AFTER_IDLE:
            return True
        self.broken = True
        with suppress(aiosmtplib.SMTPException, OSError):
            await self.smtp.noop()
            self.broken = False
        return not self.broken


class Mailer:
    """A pool of connections to one server. It opens one when none is idle."""

    def __init__(self, server: Server, hostname: str, *, timeout: float = COMMAND_TIMEOUT) -> None:
        self._server = server
        self._hostname = hostname
        self._timeout = timeout
        self._idle: list[Connection] = []

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection for exclusive use. Raises `NotSent` (unavailable) if none can be opened."""
        connection = await self._idle_connection() or await self._open()
        try:
            yield connection
        finally:
            # If it was interrupted within a command, its next user would read the reply to that command.
            if connection.broken:
                connection.smtp.close()
            else:
                self._idle.append(connection)

    async def _idle_connection(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            try:
                if await connection.is_usable():
                    return connection
            finally:
                if connection.broken:
                    connection.smtp.close()
        return None

    async def _open(self) -> Connection:
        smtp = aiosmtplib.SMTP(
            **self._server.connection_options(),
            local_hostname=self._hostname,
            timeout=self._timeout,
        )
        try:
            await smtp.connect()
        except (aiosmtplib.SMTPException, OSError) as error:
            smtp.close()
            raise NotSent(FailureKind.UNAVAILABLE, _why_not_connected(error)) from error
        return Connection(smtp)

    async def close(self) -> None:
        """Close all idle connections with QUIT."""
        while self._idle:
            connection = self._idle.pop()
            with suppress(aiosmtplib.SMTPException, OSError):
                await connection.smtp.quit(timeout=1)
            connection.smtp.close()


def _why_not_connected(error: Exception) -> str:
    """A code for operators: what they must correct is their setting, the certificate, or nothing."""
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return f"smtp-auth-{error.code}"
    if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
        return "smtp-tls"
    return "smtp-away"


def not_sent(error: Exception) -> NotSent:
    """Translate an error of the SMTP client.

    Only an answer about this recipient or this mail can be final. A rejection of our own address or of the connection
    concerns every mail, so it counts as unavailable until the server or our setting is repaired.
    """
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return not_sent(error.recipients[0])
    if isinstance(error, aiosmtplib.SMTPSenderRefused):
        return NotSent(FailureKind.UNAVAILABLE, f"smtp-sender-{error.code}")
    if isinstance(error, aiosmtplib.SMTPRecipientRefused | aiosmtplib.SMTPDataError):
        if error.code == _CLOSING:
            return NotSent(FailureKind.UNAVAILABLE, f"smtp-{error.code}")
        kind = FailureKind.REFUSED if 500 <= error.code < 600 else FailureKind.DEFERRED
        return NotSent(kind, f"smtp-{error.code}")
    if isinstance(error, aiosmtplib.SMTPTimeoutError):
        return NotSent(FailureKind.UNAVAILABLE, "smtp-timeout")
    if isinstance(error, aiosmtplib.SMTPNotSupported | ValueError):
        return NotSent(FailureKind.REFUSED, "bad-address")
    return NotSent(FailureKind.UNAVAILABLE, "smtp-away")


def _is_reset(error: Exception) -> bool:
    """Whether the client has reset the session after a rejection, so that the next mail may use the connection."""
    refusal = aiosmtplib.SMTPRecipientsRefused | aiosmtplib.SMTPResponseException
    return isinstance(error, refusal) and not_sent(error).kind is not FailureKind.UNAVAILABLE
