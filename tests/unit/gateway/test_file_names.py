"""File names come from strangers: RFC 6266, and nothing in them that could mislead."""

import unicodedata

import pytest
from hypothesis import given, strategies as st

from gateway.documents.domain import MAX_NAME, harmless, name_of


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('attachment; filename="meu iban \u00c3\u00a9.pdf"', "meu iban é.pdf"),
        ('attachment; filename="meu iban \u00e9.pdf"', "meu iban é.pdf"),
        ("", "documento.pdf"),
        ("attachment", "documento.pdf"),
        ('attachment; filename="recibo.pdf"', "recibo.pdf"),
        ("attachment; filename=recibo.pdf", "recibo.pdf"),
        ('attachment; filename="o \\"meu\\" recibo.pdf"', 'o "meu" recibo.pdf'),
        ("attachment; filename=\"x.pdf\"; filename*=UTF-8''certid%C3%A3o.pdf", "certidão.pdf"),
        ("attachment; filename*=iso-8859-1'pt'certid%E3o.pdf", "certidão.pdf"),
        ("attachment; filename*=UTF-8''%FF.pdf", "documento.pdf"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ('attachment; filename="C:\\\\temp\\\\recibo.pdf"', "recibo.pdf"),
        ("attachment; filename*=UTF-8''recibo%E2%80%AEfdp.exe", "recibofdp.exe"),
        ("attachment; filename*=UTF-8''a%00b%0D%0Ac.pdf", "abc.pdf"),
        ('attachment; filename="..."', "documento.pdf"),
    ],
)
def test_the_name_is_read_as_the_standard_says_and_made_harmless(header: str, name: str) -> None:
    assert name_of(header, "application/pdf") == name


@given(name=st.text(max_size=400))
def test_no_name_keeps_a_path_a_control_character_or_too_great_a_length(name: str) -> None:
    kept = harmless(name)
    assert len(kept) <= MAX_NAME
    assert not set(kept) & set("/\\")
    assert all(unicodedata.category(character)[0] != "C" for character in kept)
    assert not kept.startswith(".")


def test_a_long_name_keeps_its_ending() -> None:
    assert harmless("x" * 300 + ".pdf").endswith("x.pdf")
