"""Mail to a server that requires TLS and credentials: nothing leaves in clear, whoever answers at the address."""

import ssl
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from services.notifications.composing import compose, mailbox
from services.notifications.domain import Addressee, FailureKind
from services.notifications.errors import NotSent
from services.notifications.mail import Mailer
from services.notifications.mail_server import Protection, Server
from services.notifications.mail_templates import render
from tests.integration.notifications.secure_mail_server import PASSWORD, USER, SecureMailServer, recorded
from tests.unit.notifications.builders import delivery

PROTECTED = [Protection.TLS, Protection.STARTTLS]
ANA = Addressee("Ana", "ana@example.org", "pt")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(autouse=True)
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust this authority alone, by OpenSSL's own variable."""
    bundle = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(bundle))
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))


def certificate(authority: trustme.CA, name: str = "127.0.0.1", not_after: datetime | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name, not_after=not_after).configure_cert(context)
    return context


async def send(port: int, protection: Protection, *, user: str | None = USER, password: str | None = PASSWORD) -> None:
    """Send one mail, and close all connections."""
    server = Server("127.0.0.1", port, protection, user, password)
    mailer = Mailer(server, "postigo.example", timeout=5)
    notice = delivery()
    mail = compose(
        notice,
        render(notice, ANA, "https://postigo.example"),
        mailbox("Postigo <nao-responder@postigo.example>"),
        ANA,
        datetime.now(UTC),
    )
    try:
        async with mailer.connection() as connection:
            await connection.send(mail)
    finally:
        await mailer.close()


def nothing_in_clear(sent: bytes) -> bool:
    """No command beyond the greeting, no credential and no mail is readable in what the client sent."""
    secrets = [PASSWORD.encode(), b64encode(PASSWORD.encode()), b64encode(f"\0{USER}\0{PASSWORD}".encode())]
    commands = [b"MAIL FROM", b"RCPT TO", b"AUTH ", b"DATA", b"ana@example.org", b"Subject:"]
    return not any(each.lower() in sent.lower() for each in [*secrets, *commands])


@pytest.mark.parametrize("protection", PROTECTED)
async def test_a_mail_leaves_encrypted_and_signed_in(authority: trustme.CA, protection: Protection) -> None:
    async with SecureMailServer(protection, certificate(authority)) as server, recorded(server) as (port, recorder):
        await send(port, protection)
        assert [mail.recipients for mail in server.mails] == [("ana@example.org",)]
        assert server.signed_in == [True]
        assert recorder.sent
        assert nothing_in_clear(recorder.sent)


@pytest.mark.parametrize("protection", PROTECTED)
@pytest.mark.parametrize("wrong", ["unknown authority", "another name", "expired"])
async def test_a_certificate_that_cannot_be_verified_gets_neither_mail_nor_credentials(
    authority: trustme.CA, protection: Protection, wrong: str
) -> None:
    context = {
        "unknown authority": lambda: certificate(trustme.CA()),
        "another name": lambda: certificate(authority, "mail.example.org"),
        "expired": lambda: certificate(authority, not_after=datetime.now(UTC) - timedelta(days=1)),
    }[wrong]()
    async with SecureMailServer(protection, context) as server, recorded(server) as (port, recorder):
        with pytest.raises(NotSent) as refused:
            await send(port, protection)
        assert (refused.value.kind, refused.value.because) == (FailureKind.UNAVAILABLE, "smtp-tls")
        assert (server.mails, server.signed_in) == ([], [])
        assert nothing_in_clear(recorder.sent)


@pytest.mark.parametrize("protection", PROTECTED)
@pytest.mark.parametrize("user", [USER, None])
async def test_a_server_without_tls_gets_neither_mail_nor_credentials(
    authority: trustme.CA, protection: Protection, user: str | None
) -> None:
    """Somebody between us and the server may have removed its offer of STARTTLS."""
    plain = SecureMailServer(Protection.IF_OFFERED, certificate(authority))
    async with plain as server, recorded(server) as (port, recorder):
        with pytest.raises(NotSent) as refused:
            await send(port, protection, user=user, password=PASSWORD if user else None)
        assert refused.value.kind is FailureKind.UNAVAILABLE
        assert (server.mails, server.signed_in) == ([], [])
        assert nothing_in_clear(recorder.sent)


@pytest.mark.parametrize("protection", PROTECTED)
async def test_refused_credentials_count_against_no_notice(authority: trustme.CA, protection: Protection) -> None:
    async with SecureMailServer(protection, certificate(authority)) as server, recorded(server) as (port, recorder):
        with pytest.raises(NotSent) as refused:
            await send(port, protection, password=PASSWORD.lower())
        assert (refused.value.kind, refused.value.because) == (FailureKind.UNAVAILABLE, "smtp-auth-535")
        assert server.mails == []
        assert not any(server.signed_in)
        assert nothing_in_clear(recorder.sent)


async def test_a_catcher_without_tls_and_accounts_still_gets_its_mails(authority: trustme.CA) -> None:
    async with SecureMailServer(Protection.IF_OFFERED, certificate(authority)) as server:
        await send(server.port, Protection.IF_OFFERED, user=None, password=None)
        assert len(server.mails) == 1
