"""An address that is accepted is one that the mailer can write to, at the domain that its owner means."""

from email.headerregistry import Address

import pytest
from hypothesis import given, strategies as st

from services.common.text.email_addresses import MAX_EMAIL, NotAnAddress, parse_email_address


@pytest.mark.parametrize(
    ("typed", "ascii"),
    [
        ("greta@straße.example", "greta@xn--strae-oqa.example"),
        ("kleio@κλειώ-σόλωνος.example", "kleio@xn----6lbmcfdoq1ag1e8ax.example"),
        ("perera@\u0dc1\u0dca\u200d\u0dbb\u0dd3.example", "perera@xn--10cl1a0b660p.example"),
        ("sara@\u0646\u0627\u0645\u0647\u200c\u0627\u06cc.example", "sara@xn--mgba3gch31f060k.example"),
        ("ana@bebé.example", "ana@xn--beb-dma.example"),
        ("ana@BEBE\u0301.example", "ana@xn--beb-dma.example"),
        ("ana@例え。example", "ana@xn--r8jz45g.example"),
        ("ana@xn--beb-dma.example", "ana@xn--beb-dma.example"),
        ("Ana.Sa+casa@Example.ORG", "Ana.Sa+casa@example.org"),
    ],
)
def test_the_domain_is_that_of_idna_2008(typed: str, ascii: str) -> None:
    assert parse_email_address(typed).ascii == ascii


@pytest.mark.parametrize(
    "typed",
    [
        " ana-sa@example.org\r\n",
        "\u200bana-sa@example.org\ufeff",
        "ana-sa@exam\u00adple.org",
        "\u202aana-sa@example.org\u202c",
        "ana-sa\u00a0@ example.org",
        "ana\u2011sa@example.org",
        "ana\u2013sa@example.org",
        "ａｎａ-sa＠example．org",
        "ana-sa@exa\u200dmple.org",
        "<ana-sa@example.org>",
        "ana-sa@example.org.",
        "ana-sa@example.org,",
        "ana-sa@example.org; ",
        "(ana-sa@example.org).",
        "«ana-sa@example.org»",
        "“ana-sa@example.org”,",
        "'ana-sa@example.org';",
        '"ana-sa@example.org"',
        "_ana-sa@example.org_",
        "<mailto:ana-sa@example.org>",
        "MAILTO: ana-sa@example.org",
        "< ana-sa@example.org >\u00a0.",
        "＜ana-sa@example.org＞",
    ],
)
def test_an_address_is_understood_as_it_was_pasted(typed: str) -> None:
    assert parse_email_address(typed) == ("ana-sa@example.org", "ana-sa@example.org")


@pytest.mark.parametrize("address", ["'ana@example.org", "_ana@example.org", "`ana@example.org", "*ana@example.org"])
def test_a_sign_that_an_address_may_begin_with_stays_unless_it_is_a_quotation_mark(address: str) -> None:
    assert parse_email_address(f"<{address}>").ascii == address


def test_people_read_their_address_as_they_write_it() -> None:
    assert parse_email_address("greta@straße.example\n").readable == "greta@straße.example"


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "email_at"),
        ("ana", "email_at"),
        ("ana@", "email_at"),
        ("@example.org", "email_at"),
        ("ana@casa@example.org", "email_at"),
        ("ana@example.org, rui@example.org", "email_at"),
        ("ana@example.org\r\nBcc: rui@example.org", "email_at"),
        ("ana sá@example.org", "email_blank"),
        ("ana@exa\u00a0mple.org", "email_blank"),
        ("zózimo@example.org", "email_local"),
        ("иван@example.org", "email_local"),
        ("ana..sa@example.org", "email_local"),
        (".ana@example.org", "email_local"),
        ('"ana"@example.org', "email_local"),
        ("ana@example.org>rui", "email_domain"),
        ("ana<rui@example.org>", "email_local"),
        ("ana@[192.0.2.1]", "email_domain"),
        ("ana@192.0.2.1", "email_domain"),
        ("ana@servidor", "email_domain"),
        ("ana@localhost", "email_domain"),
        ("ana@correio.local", "email_domain"),
        ("ana@ex..org", "email_domain"),
        ("ana@-casa.example", "email_domain"),
        ("ana@☃.example", "email_domain"),
        ("ana@xn--beb-.example", "email_domain"),
        (f"ana@{'x' * 64}.example", "email_domain"),
        (f"{'x' * 65}@example.org", "email_too_long"),
        (f"ana@{'.'.join(['x' * 60] * 5)}.example", "email_too_long"),
    ],
)
def test_an_address_that_mail_cannot_reach_is_refused_with_what_is_wrong(typed: str, code: str) -> None:
    with pytest.raises(NotAnAddress) as refused:
        parse_email_address(typed)
    assert refused.value.code == code


@given(
    typed=st.emails()
    | st.builds("{}@{}.example".format, st.text(min_size=1, max_size=70), st.text(min_size=1, max_size=70))
)
def test_any_accepted_address_is_ascii_and_means_the_same_when_it_is_read_again(typed: str) -> None:
    try:
        found = parse_email_address(typed)
    except NotAnAddress:
        return
    assert found.ascii.isascii()
    assert len(found.ascii) <= MAX_EMAIL
    assert Address("Ana", addr_spec=found.ascii).addr_spec == found.ascii
    assert parse_email_address(found.readable) == found
    assert parse_email_address(found.ascii).ascii == found.ascii
