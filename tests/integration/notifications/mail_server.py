"""A real mail server whose moods a test sets: refuse for now, refuse for good, hang, or be away."""

import asyncio
from collections import defaultdict, deque
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Self

from aiosmtpd.smtp import SMTP, Envelope, Session

OK = "250 Taken"


@dataclass(frozen=True, slots=True)
class Taken:
    """A mail the server took responsibility for."""

    recipients: tuple[str, ...]
    message: EmailMessage

    @property
    def message_id(self) -> str:
        return str(self.message["Message-ID"])


class MailServer:
    """`to_recipient` and `to_data`: what it answers next about an address, in order; afterwards it takes everything.

    While `hold` is unset, the end of a mail is not answered.
    """

    def __init__(self) -> None:
        self.mails: list[Taken] = []
        self.to_recipient: defaultdict[str, deque[str]] = defaultdict(deque)
        self.to_data: defaultdict[str, deque[str]] = defaultdict(deque)
        self.hold = asyncio.Event()
        self.hold.set()
        self.port = 0
        self.tried = 0
        self.connections = 0
        self._server: asyncio.Server | None = None
        self._open: set[SMTP] = set()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        await self.come_back()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.go_away()

    async def come_back(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._converse, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def go_away(self) -> None:
        """Nobody listens any more, and whoever is connected is cut off."""
        if self._server is not None:
            self._server.close()
        for conversation in self._open:
            if conversation.transport is not None:
                conversation.transport.close()
        self._open.clear()

    def _converse(self) -> SMTP:
        self.connections += 1
        conversation = SMTP(self, hostname="localhost", enable_SMTPUTF8=True)
        self._open.add(conversation)
        return conversation

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[Any]
    ) -> str:
        self.tried += 1
        answer = self.to_recipient[address].popleft() if self.to_recipient[address] else OK
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        await self.hold.wait()
        answers = self.to_data[envelope.rcpt_tos[0]]
        answer = answers.popleft() if answers else OK
        if answer.startswith("250"):
            content = envelope.original_content
            assert content is not None
            message = message_from_bytes(content, policy=policy.default)
            assert isinstance(message, EmailMessage)
            self.mails.append(Taken(tuple(envelope.rcpt_tos), message))
        return answer
