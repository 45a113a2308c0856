"""A real mail server with TLS and accounts, behind a recorder of all bytes that a client sends to it."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from services.notifications.mail_server import Protection
from tests.integration.notifications.mail_server import MailServer
from tests.support.proxy import CHUNK, Manners, Proxy

USER = "mailer@postigo.example"
PASSWORD = "Uma-Palavra-Passe-Do-Correio"  # noqa: S105


class Recorder:
    """Forwards every byte, and keeps those of the client."""

    def __init__(self) -> None:
        self.sent = b""

    async def next(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        chunk = await reader.read(CHUNK)
        if not chunk:
            raise asyncio.IncompleteReadError(b"", None)
        self.sent += chunk
        return chunk


class SecureMailServer(MailServer):
    """`offers`: how it protects connections. One that offers plain SMTP also takes credentials in clear, to tempt the client."""

    def __init__(self, offers: Protection, context: ssl.SSLContext) -> None:
        super().__init__()
        self._offers = offers
        self._context = context
        self.signed_in: list[bool] = []

    async def come_back(self) -> None:
        loop = asyncio.get_running_loop()
        context = self._context if self._offers is Protection.TLS else None
        self._server = await loop.create_server(self._converse, "127.0.0.1", self.port, ssl=context)
        self.port = self._server.sockets[0].getsockname()[1]

    def _converse(self) -> SMTP:
        self.connections += 1
        conversation = SMTP(
            self,
            hostname="localhost",
            tls_context=self._context if self._offers is Protection.STARTTLS else None,
            auth_require_tls=self._offers is Protection.STARTTLS,
            authenticator=self._authenticate,
        )
        self._open.add(conversation)
        return conversation

    def _authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        self.signed_in.append(right)
        return AuthResult(success=right, handled=False)


@asynccontextmanager
async def recorded(server: MailServer) -> AsyncIterator[tuple[int, Recorder]]:
    """The port of a recorder in front of the server."""
    recorder = Recorder()
    async with Proxy(f"127.0.0.1:{server.port}") as proxy:
        proxy.behave(Manners(wire=recorder))
        yield proxy.port, recorder
