"""What people read: every notice, in both languages, whatever their names hold."""

import re
from datetime import date, timedelta
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, strategies as st

from services.common.catalogue import Language
from services.common.http.languages import LANGUAGES
from services.common.text import one_line
from services.notifications import domain, mail_templates
from services.notifications.composing import compose, mailbox
from services.notifications.domain import Addressee, FailureKind
from services.notifications.errors import NotSent
from services.notifications.mail_templates import RenderedMail
from tests.unit.notifications.builders import NOON, PERSONS_WORDS, TERM, delivery, delivery_of

PUBLIC_URL = "https://postigo.example"
FROM = mailbox("Postigo <nao-responder@postigo.example>")
HOSTILE = '<script>alert(1)</script>\r\nBcc: everybody@example.org\x00\u202e\ud800 "& {{ 7*7 }}'


class Elements(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(tag)

    def handle_data(self, data: str) -> None:
        if self.found[-1:] != ["style"]:
            self.words.append(data)


def _write(notice: str = "registered", name: str = "Ana Sá", language: str = "pt", **other: Any) -> RenderedMail:
    made = delivery_of(notice, language=language, **other)
    return mail_templates.render(made, Addressee(name, "ana@example.org", "pt"), PUBLIC_URL)


def _mail(name: str = "Ana Sá", email: str = "ana@example.org", language: str = "pt") -> EmailMessage:
    to = Addressee(name, email, language)
    told = delivery(language=language)
    return _read(compose(told, mail_templates.render(told, to, PUBLIC_URL), FROM, to, NOON))


def _read(composed: EmailMessage) -> EmailMessage:
    """As a mail program reads it; nothing in it may be wrong."""
    content = bytes(composed)
    assert content.isascii()
    lines = content.split(b"\r\n")
    assert max(map(len, lines)) <= 998
    assert not any(b"\n" in line or b"\r" in line for line in lines)
    parsed = message_from_bytes(content, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    assert not parsed.defects
    return parsed


@pytest.mark.parametrize("notice", domain.NOTICES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_notice_is_written_in_every_language(notice: str, language: Language) -> None:
    told = delivery_of(notice, language=language, subject="FAM-01", reason="INF")
    letter = mail_templates.render(told, Addressee("Ana Sá", "ana@example.org", "pt"), PUBLIC_URL)
    link = f"{PUBLIC_URL}/{mail_templates.PATHS[language]}/{told.reference}"
    for part in (letter.text, letter.html):
        assert "Ana Sá" in part
        assert link in part
        assert {"pt": "2 de março de 2026", "en": "2 March 2026"}[language] in part, "when it happened"
        assert {"pt": "Abono de família para crianças e jovens", "en": "Child benefit"}[language] in part, "about what"
        assert PERSONS_WORDS not in part
        assert "{" not in part.partition("<body")[2]
        assert "None" not in part
    assert told.reference in letter.subject
    assert f'<html lang="{language}">' in letter.html
    assert f"<title>{letter.subject}</title>" in letter.html


def test_no_two_notices_read_the_same() -> None:
    for language in LANGUAGES:
        letters = [_write(notice, language=language, reference="PO-1") for notice in domain.NOTICES]
        assert len({letter.subject for letter in letters}) == len({letter.text for letter in letters}) == len(letters)


@pytest.mark.parametrize(
    ("notice", "portuguese", "english"),
    [
        ("registered", "Deve receber resposta até 16 de março de 2026.", "You should have an answer by 16 March 2026."),
        ("opened", "Deve receber resposta até 16 de março de 2026.", "You should have an answer by 16 March 2026."),
        ("answered", "pode escrever sobre este pedido até 16 de março de 2026", "this request until 16 March 2026"),
        ("resolved", "pode escrever sobre este pedido até 16 de março de 2026", "this request until 16 March 2026"),
        ("documents-requested", "Entregue-os até 16 de março de 2026", "Deliver them by 16 March 2026"),
        ("documents-reminder", "Entregue-os até 4 de março de 2026.", "Deliver them by 4 March 2026."),
        ("documents-lapsed", "terminou a 1 de março de 2026.", "ended on 1 March 2026."),
        ("documents-lapsed", "Deve receber resposta até 16 de março de 2026.", "an answer by 16 March 2026."),
        ("hearing-opened", "Pode responder até 16 de março de 2026", "You can answer until 16 March 2026"),
        ("hearing-lapsed", "Deve receber a decisão até 16 de março de 2026.", "the decision by 16 March 2026."),
        ("forwarded", "Deve receber resposta até 16 de março de 2026.", "an answer by 16 March 2026."),
        ("extended", "Deve receber resposta até 16 de março de 2026.", "an answer by 16 March 2026."),
        ("reopened", "uma nova resposta até 16 de março de 2026.", "a new answer by 16 March 2026."),
    ],
)
def test_a_term_that_starts_is_told_with_its_date(notice: str, portuguese: str, english: str) -> None:
    for part in ("text", "html"):
        assert portuguese in getattr(_write(notice, language="pt"), part)
        assert english in getattr(_write(notice, language="en"), part)


DATES = ("due_on", "reply_until", "deliver_until", "answer_until")


@pytest.mark.parametrize("notice", domain.NOTICES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_notice_without_a_term_names_no_other_day(notice: str, language: Language) -> None:
    told = delivery_of(notice, language=language).model_copy(update=dict.fromkeys((*DATES, "department")))
    letter = mail_templates.render(told, Addressee("Ana", "ana@example.org", language), PUBLIC_URL)
    happened = {"pt": "2 de março de 2026", "en": "2 March 2026"}[language]
    assert "2026" not in letter.text.replace(happened, "")
    assert "None" not in letter.text
    assert "  " not in letter.text.replace("-- ", "")
    assert not re.search(r" [.,:]|\.\.", letter.text)


@pytest.mark.parametrize(
    ("language", "told"),
    [("pt", "Responda numa só mensagem"), ("en", "the first one that you send ends the hearing")],
)
def test_a_hearing_is_to_be_answered_in_one_message_which_ends_it(language: Language, told: str) -> None:
    for part in ("text", "html"):
        assert told in getattr(_write("hearing-opened", language=language), part)


@pytest.mark.parametrize("notice", ["documents-requested", "hearing-opened"])
def test_a_term_that_stands_still_is_not_told(notice: str) -> None:
    assert delivery_of(notice).due_on is None
    assert "suspenso" in _write(notice).text


def test_a_term_that_has_passed_is_not_told() -> None:
    passed = TERM.model_copy(update={"due_on": date(2026, 3, 1)})
    for notice in ("documents-lapsed", "hearing-lapsed", "forwarded"):
        assert delivery_of(notice, deadline=passed).due_on is None
        assert delivery_of(notice, deadline=TERM).due_on == TERM.due_on


def test_the_new_department_is_named_in_the_language_of_the_notice() -> None:
    assert "outro departamento, que o vai tratar: Desemprego." in _write("forwarded").text
    assert "another department, which will handle it: Unemployment." in _write("forwarded", language="en").text
    assert "que o vai tratar." in _write("forwarded", department="xx").text


def test_a_notice_of_a_report_does_not_name_the_department() -> None:
    assert "Desemprego" not in _write("forwarded", reason="DEN").text


def test_a_stored_conclusion_without_a_window_reads_as_before() -> None:
    told = delivery_of("resolved").model_copy(update={"reply_until": None})
    letter = mail_templates.render(told, Addressee("Ana", "ana@example.org", "pt"), PUBLIC_URL)
    assert (
        "leia-a no Postigo. Não precisa de fazer mais nada. Se não concordar ou ainda precisar de ajuda, faça um novo pedido"
        " e indique esta referência.\n"
    ) in letter.text


def test_an_answer_and_a_conclusion_read_differently() -> None:
    assert "concluído" in _write("resolved").subject
    assert "concluído" not in _write("answered").subject


@pytest.mark.parametrize("version", ["v1", domain.TEMPLATES])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_stored_delivery_is_written_with_the_templates_of_its_version(version: str, language: str) -> None:
    old = {"language": None, "subject": None, "due_on": None, "reply_until": None, "templates": version}
    for notice in ("registered", "answered", "rejected", "withdrawn", "document-refused"):
        told = delivery_of(notice).model_copy(update=old)
        letter = mail_templates.render(told, Addressee("Ana", "ana@example.org", language), PUBLIC_URL)
        assert letter.language == language, "without a language of its own, in that of the account"
        assert told.reference in letter.text
        assert "None" not in letter.text


def test_the_notices_of_a_report_do_not_say_what_it_is_about() -> None:
    for notice in domain.NOTICES:
        assert "Abono" not in _write(notice, subject="FAM-01", reason="DEN").text
        assert "Assunto" not in _write(notice, subject="FAM-01", reason="DEN").text


def test_a_subject_that_the_catalogue_lacks_is_left_out() -> None:
    letter = _write(subject="XYZ-99", reason="INF")
    assert "XYZ-99" not in letter.text + letter.html
    assert "Assunto" not in letter.text + letter.html


@pytest.mark.parametrize("language", ["pt", "en"])
def test_the_language_of_the_request_counts_and_not_that_of_the_account(language: Language) -> None:
    for account in ("pt", "en", "xx"):
        told = delivery(language=language)
        letter = mail_templates.render(told, Addressee("Ana", "ana@example.org", account), PUBLIC_URL)
        assert letter.language == language


def test_the_languages_differ_and_an_unknown_one_is_portuguese() -> None:
    assert _write(language="pt").text != _write(language="en").text
    assert _write(language="xx").language == "pt"


@pytest.mark.parametrize(
    ("name", "greeting"),
    [
        ("Ana Sá", "Olá, Ana Sá."),
        ("Padaria Central, Lda.", "Olá, Padaria Central, Lda."),
        ("Transportes do Norte S.A.", "Olá, Transportes do Norte S.A."),
        ("Rui Costa Jr.", "Olá, Rui Costa Jr."),
        ("Já Está!", "Olá, Já Está!"),
        ("Quem Sabe?", "Olá, Quem Sabe?"),
        ("E Agora…", "Olá, E Agora…"),
        ("Lda. ", "Olá, Lda."),
        ("3.14", "Olá, 3.14."),
        (" ", "Olá."),
    ],
)
def test_a_greeting_ends_in_one_full_stop(name: str, greeting: str) -> None:
    letter = _write(name=name)
    assert letter.text.splitlines()[0] == greeting
    assert f"<p>{greeting}</p>" in letter.html
    assert _write(name=name, language="en").text.startswith(greeting.replace("Olá", "Hello") + "\n")


@pytest.mark.parametrize("notice", domain.NOTICES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_both_parts_say_the_same_words(notice: str, language: Language) -> None:
    letter = _write(notice, language=language, subject="FAM-01", reason="INF")
    text = " ".join(letter.text.split())
    for words in Elements(letter.html).words:
        if "postigo.example" not in words and letter.subject not in words:
            assert " ".join(words.split()) in text


@given(name=st.text(max_size=300) | st.just(HOSTILE))
def test_no_name_adds_an_element_a_line_or_a_header(name: str) -> None:
    plain, hostile = _write(), _write(name=name)
    assert Elements(hostile.html).found == Elements(plain.html).found
    assert hostile.text.count("\n") == plain.text.count("\n")
    assert _mail(name).keys() == _mail().keys()


LONG = "Maria da Conceição Gonçalves de Araújo e Sá Guimarães de Magalhães, da Freguesia de São Martinho"


@given(name=st.text(max_size=120) | st.sampled_from([HOSTILE, LONG, '=?utf-8?q?Ana?= "Rui", (S\u00e1)', "x," * 50]))
def test_a_mail_program_reads_the_name_and_the_text_as_they_were_written(name: str) -> None:
    told, to = delivery(), Addressee(name, "ana@example.org", "pt")
    letter = mail_templates.render(told, to, PUBLIC_URL)
    composed = compose(told, letter, FROM, to, NOON)
    read = _read(composed)
    assert [each.addr_spec for each in read["To"].addresses] == ["ana@example.org"]
    # The name not by `read`: Python's newer parser puts a space between the encoded words of a name.
    encoded, address = parseaddr(message_from_bytes(bytes(composed))["To"])
    assert (str(make_header(decode_header(encoded))), address) == (
        one_line(name, mail_templates.LONGEST),
        "ana@example.org",
    )
    for kind, text in (("plain", letter.text), ("html", letter.html)):
        body = read.get_body((kind,))
        assert body is not None
        assert body.get_content().split() == text.split()


def test_another_try_of_a_delivery_is_the_same_mail_but_for_its_date() -> None:
    told, to = delivery(), Addressee(LONG, "ana@example.org", "pt")
    letter = mail_templates.render(told, to, PUBLIC_URL)
    first, again = (compose(told, letter, FROM, to, at) for at in (NOON, NOON + timedelta(hours=1)))
    assert first["Date"].datetime != again["Date"].datetime
    del first["Date"], again["Date"]
    assert bytes(first) == bytes(again)


@given(reference=st.text(max_size=300) | st.just(HOSTILE))
def test_no_reference_adds_an_element_or_a_header(reference: str) -> None:
    told = delivery().model_copy(update={"reference": reference})
    to = Addressee("Ana", "ana@example.org", "pt")
    letter = mail_templates.render(told, to, PUBLIC_URL)
    composed = _read(compose(told, letter, FROM, to, NOON))
    assert Elements(letter.html).found == Elements(_write().html).found
    assert composed.keys() == _mail().keys()
    assert composed["Subject"] == letter.subject


def test_a_name_is_never_taken_for_a_template() -> None:
    assert "{{ 7*7 }}" in _write(name="{{ 7*7 }}").text


def test_the_mail_is_marked_as_automatic_and_named_after_its_delivery() -> None:
    told = delivery(language="en")
    to = Addressee("Ana", "ana@example.org", "en")
    composed = _read(compose(told, mail_templates.render(told, to, PUBLIC_URL), FROM, to, NOON))
    assert composed["Message-ID"] == f"<{told.id}@postigo.example>"
    assert composed["Auto-Submitted"] == "auto-generated"
    assert composed["Content-Language"] == "en"
    assert composed["Date"].datetime == NOON
    assert composed["To"] == "Ana <ana@example.org>"
    assert composed.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in composed.iter_parts()] == ["text/plain", "text/html"]


def test_the_mail_survives_a_server_that_takes_seven_bits_only() -> None:
    body = _mail("João Conceição").get_body(("plain",))
    assert body is not None
    assert "Olá, João Conceição." in body.get_content()


@pytest.mark.parametrize(
    ("email", "sent_to"),
    [
        ("ana@bebé.example", "ana@xn--beb-dma.example"),
        ("greta@straße.example", "greta@xn--strae-oqa.example"),
        ("kleio@κλειώ-σόλωνος.example", "kleio@xn----6lbmcfdoq1ag1e8ax.example"),
        ("perera@\u0dc1\u0dca\u200d\u0dbb\u0dd3.example", "perera@xn--10cl1a0b660p.example"),
        (f"{'x' * 64}@{'.'.join(['y' * 60] * 3)}.org", f"{'x' * 64}@{'.'.join(['y' * 60] * 3)}.org"),
    ],
)
def test_a_mail_goes_to_the_domain_that_its_owner_means(email: str, sent_to: str) -> None:
    """Also for accounts that earlier versions stored."""
    assert _mail(email=email)["To"].addresses[0].addr_spec == sent_to


@pytest.mark.parametrize(
    "name",
    [
        "\u0dc1\u0dca\u200d\u0dbb\u0dd3 Perera",
        "\u0646\u06cc\u06a9\u200c\u067e\u06cc",
        "\u09b0\u200d\u09cd\u09af\u09be\u09ac",
    ],
)
def test_a_name_is_written_with_its_joiners(name: str) -> None:
    mail = _mail(name)
    text = mail.get_body(("plain",))
    assert text is not None
    assert mail["To"].addresses[0].display_name == name
    assert name in text.get_content()


@pytest.mark.parametrize(
    "email",
    [
        "",
        "@",
        "ana",
        "ana@",
        "@example.org",
        "ana@example.org\r\nBcc: x@example.org",
        "ana@example.org, x@example.org",
        "ana@example.org> x",
        "a na@example.org",
        "a..b@example.org",
        "joão@example.org",
        "ana@ex..org",
        "ana@" + "x" * 70 + ".org",
        "\x00@example.org",
    ],
)
def test_what_is_no_address_is_refused_for_good(email: str) -> None:
    with pytest.raises(NotSent) as refused:
        _mail(email=email)
    assert (refused.value.kind, refused.value.because) == (FailureKind.REFUSED, "bad-address")
