"""File names of uploads: parsed by grammar (RFC 6266, 8187, 2047) and cleaned, because clients may send anything."""

import time
import unicodedata
from base64 import b64encode
from urllib.parse import quote

import pytest
from hypothesis import given, strategies as st

from gateway.documents.domain import name_of
from services.common.http.header_values import file_name_of, parse_parameters


def latin(text: str) -> str:
    """A header value in UTF-8, as servers decode it."""
    return text.encode().decode("latin-1")


@pytest.mark.parametrize(
    ("header", "name"),
    [
        # A quoted string (RFC 9110, section 5.6.4).
        ('attachment; filename="recibo.pdf"', "recibo.pdf"),
        ('attachment; filename="Carta; filename=outra.pdf"', "Carta; filename=outra.pdf"),
        ("attachment; filename=\"Carta; filename*=UTF-8''outra.pdf\"", "Carta; filename*=UTF-8''outra.pdf"),
        ('attachment; filename="a=b;c,d.pdf"; size=7', "a=b;c,d.pdf"),
        ('attachment; filename="o \\"meu\\" recibo.pdf"', 'o "meu" recibo.pdf'),
        ('attachment;filename = "recibo.pdf" ; x=y', "recibo.pdf"),
        ('ATTACHMENT; FileName="recibo.pdf"', "recibo.pdf"),
        ('attachment; name="outra.pdf"; filename="recibo.pdf"', "recibo.pdf"),
        ('attachment; xfilename="outra.pdf"; filename="recibo.pdf"', "recibo.pdf"),
        ('attachment; x="; filename=outra.pdf"; filename="recibo.pdf"', "recibo.pdf"),
        ('attachment; filename="primeira.pdf"; filename="segunda.pdf"', "primeira.pdf"),
        ('attachment; filename="sem fim.pdf', "sem fim.pdf"),
        ('filename="sem tipo.pdf"', "sem tipo.pdf"),
        # A token.
        ("attachment; filename=recibo.pdf", "recibo.pdf"),
        ("attachment; filename=o meu recibo.pdf; x=y", "o meu recibo.pdf"),
        # An extended value (RFC 8187).
        ("attachment; filename*=UTF-8''certid%C3%A3o.pdf", "certidão.pdf"),
        ("attachment; filename*=utf-8'pt-PT'certid%c3%a3o.pdf", "certidão.pdf"),
        ("attachment; filename*=iso-8859-1'pt'certid%E3o.pdf", "certidão.pdf"),
        ("attachment; filename*=windows-1252''custo%20%80.pdf", "custo €.pdf"),
        ("attachment; filename*=\"UTF-8''certid%C3%A3o.pdf\"", "certidão.pdf"),
        ("attachment; filename*=UTF-8''Carta%3B%20filename%3Doutra.pdf", "Carta; filename=outra.pdf"),
        # Both: the extended value counts, if it can be decoded.
        ("attachment; filename=\"x.pdf\"; filename*=UTF-8''certid%C3%A3o.pdf", "certidão.pdf"),
        ("attachment; filename*=UTF-8''certid%C3%A3o.pdf; filename=\"x.pdf\"", "certidão.pdf"),
        ("attachment; filename=\"x.pdf\"; filename*=UTF-8''%FF.pdf", "x.pdf"),
        ("attachment; filename=\"x.pdf\"; filename*=klingon''y.pdf", "x.pdf"),
        ('attachment; filename="x.pdf"; filename*=y.pdf', "x.pdf"),
        ("attachment; filename*=UTF-8''%FF.pdf", "documento"),
        # Raw UTF-8 and Latin-1.
        (latin('attachment; filename="meu iban é.pdf"'), "meu iban é.pdf"),
        (latin('attachment; filename="Акт №1.pdf"'), "Акт №1.pdf"),
        ('attachment; filename="meu iban \u00e9.pdf"', "meu iban é.pdf"),
        # Encoded words, as in mails (RFC 2047).
        ('attachment; filename="=?UTF-8?B?Y2VydGlkw6NvLnBkZg==?="', "certidão.pdf"),
        ('attachment; filename="=?utf-8?Q?certid=C3=A3o=2Epdf?="', "certidão.pdf"),
        ('attachment; filename="=?ISO-8859-1?Q?certid=E3o.pdf?="', "certidão.pdf"),
        ('attachment; filename="=?utf-8?B?Y2VydGlk?= =?utf-8?B?w6NvLnBkZg==?="', "certidão.pdf"),
        ('attachment; filename="=?klingon?B?Y2VydGlk?="', "=?klingon?B?Y2VydGlk?="),
        ('attachment; filename="=?utf-8?B?%%%?="', "documento"),
        (latin('attachment; filename="=?utf-é?B?Y2VydGlk?="'), "=?utf-é?B?Y2VydGlk?="),
        (latin('attachment; filename="=?сертификат?Q?certid?="'), "=?сертификат?Q?certid?="),
        ('attachment; filename="=?\0utf-8?Q?certid?="', "=?utf-8?Q?certid?="),
        ('attachment; filename="=?utf\0-8?Q?certid?="', "=?utf-8?Q?certid?="),
        # Names that could harm.
        ("", "documento"),
        ("attachment", "documento"),
        ("attachment; filename=", "documento"),
        ('attachment; filename=""', "documento"),
        ('attachment; filename="..."', "documento"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ('attachment; filename="C:\\\\temp\\\\recibo.pdf"', "recibo.pdf"),
        ('attachment; filename="C:\\temp\\recibo.pdf"', "recibo.pdf"),
        ("attachment; filename*=UTF-8''recibo%E2%80%AEfdp.exe", "recibofdp.exe"),
        ("attachment; filename*=UTF-8''a%00b%0D%0Ac.pdf", "ab c.pdf"),
        (
            "attachment; filename*=UTF-8''" + quote(unicodedata.normalize("NFD", "Certidão de óbito.pdf")),
            "Certidão de óbito.pdf",
        ),
    ],
)
def test_a_name_is_parsed_by_its_grammar_and_cleaned(header: str, name: str) -> None:
    assert name_of(header) == name


@pytest.mark.parametrize(
    ("value", "first", "parameters"),
    [
        ("multipart/form-data; boundary=abc", "multipart/form-data", {"boundary": "abc"}),
        ('Multipart/Form-Data;Boundary="a;b c"', "multipart/form-data", {"boundary": "a;b c"}),
        ("form-data; name=file; filename=", "form-data", {"name": "file", "filename": ""}),
        (";;", "", {}),
        ("", "", {}),
    ],
)
def test_parameters_are_found_by_name(value: str, first: str, parameters: dict[str, str]) -> None:
    assert parse_parameters(value) == (first, parameters)


@given(header=st.text(max_size=200) | st.text(alphabet="filename*=\"\\;='% utf-8?QB", max_size=80))
def test_any_header_gives_a_name_and_no_error(header: str) -> None:
    assert name_of(header)


@given(name=st.text(max_size=60))
def test_a_name_survives_each_way_of_sending_it(name: str) -> None:
    name = name.encode("utf-8", "ignore").decode()
    quoted = name.replace("\\", "\\\\").replace('"', r"\"")
    assert file_name_of(f"attachment; filename*=UTF-8''{quote(name, safe='')}") == name
    if "=?" not in name:
        assert file_name_of(latin(f'attachment; filename="{quoted}"')) == name
    if name:
        assert file_name_of(f'attachment; filename="=?utf-8?B?{b64encode(name.encode()).decode()}?="') == name


@pytest.mark.parametrize("piece", ['"\\', '"', "\\", '"a', ";", "=?a?q?", "a=", '"\\\n', "'"], ids=ascii)
def test_a_long_header_is_parsed_in_linear_time(piece: str) -> None:
    started = time.process_time()
    file_name_of('attachment; filename="' + piece * 20_000)
    file_name_of("attachment; filename=" + piece * 20_000)
    file_name_of("attachment; " + piece * 20_000 + "\\")
    assert time.process_time() - started < 1.0
