"""The address of the mail server, as an operator writes it."""

import pytest
from pydantic import ValidationError

from services.notifications.mail_server import Protection, Server
from services.notifications.settings import Settings

OTHERS = {
    "kafka_url": "127.0.0.1:9",
    "mongo_url": "mongodb://127.0.0.1:9",
    "gateway_url": "http://127.0.0.1:9",
    "public_url": "https://postigo.example",
    "postigo_internal_secret": "s" * 64,
}


@pytest.mark.parametrize(
    ("url", "password", "server"),
    [
        ("smtp://mail", None, Server("mail", 25)),
        ("smtp://mail:1025", None, Server("mail", 1025)),
        ("smtps://mail", None, Server("mail", 465, Protection.TLS)),
        ("smtps://ana@mail", "word", Server("mail", 465, Protection.TLS, "ana", "word")),
        ("smtp+starttls://mail", None, Server("mail", 587, Protection.STARTTLS)),
        (
            "smtp+starttls://ana%40example.org@mail:2525",
            "w:o/r@d",
            Server("mail", 2525, Protection.STARTTLS, "ana@example.org", "w:o/r@d"),
        ),
    ],
)
def test_the_scheme_says_how_the_connection_is_protected(url: str, password: str | None, server: Server) -> None:
    assert Server.parse(url).with_password(password) == server


@pytest.mark.parametrize(
    ("url", "password"),
    [
        ("http://mail:25", None),
        ("mail:25", None),
        ("smtp://", None),
        ("smtp://mail:99999", None),
        ("smtp://mail/inbox", None),
        ("smtps://mail?tls=no", None),
        ("smtp://ana@mail", "word"),
        ("smtp://ana:word@mail", None),
        ("smtps://ana:word@mail", None),
        ("smtps://ana:word@mail", "word"),
        ("smtps://ana@mail", None),
        ("smtps://ana@mail", ""),
        ("smtps://mail", "word"),
        ("smtps://@mail", "word"),
        ("smtp://mail", "word"),
    ],
)
def test_an_address_that_is_wrong_or_unsafe_is_refused_at_the_start(url: str, password: str | None) -> None:
    with pytest.raises(ValueError) as refused:
        Server.parse(url).with_password(password)
    assert "word" not in str(refused.value).replace("password", "")


def test_a_password_is_never_printed() -> None:
    settings = Settings.model_validate(OTHERS | {"smtp_url": "smtps://ana@mail", "smtp_password": "word-4711"})
    assert settings.mail_server == Server("mail", 465, Protection.TLS, "ana", "word-4711")
    assert "word-4711" not in f"{settings!r} {settings.mail_server!r} {settings.model_dump_json()}"


@pytest.mark.parametrize("given", [{}, {"smtp_password": ""}])
def test_an_empty_password_is_none_so_that_the_catcher_needs_no_setting(given: dict[str, str]) -> None:
    settings = Settings.model_validate(OTHERS | {"smtp_url": "smtp://mail:1025"} | given)
    assert settings.mail_server == Server("mail", 1025)


@pytest.mark.parametrize(
    ("url", "password", "named"),
    [
        ("smtps://ana@mail", None, "smtp_password"),
        ("smtps://mail", "word-4711", "smtp_password"),
        ("smtps://ana:word-4711@mail", None, "smtp_url"),
        ("smtp://ana@mail", "word-4711", "smtp_url"),
    ],
)
def test_the_wrong_variable_is_named(url: str, password: str | None, named: str) -> None:
    given = {"smtp_url": url} | ({"smtp_password": password} if password else {})
    with pytest.raises(ValidationError) as refused:
        Settings.model_validate(OTHERS | given)
    assert [error["loc"] for error in refused.value.errors()] == [(named,)]
