"""File names of uploads: parsed by RFC 6266 and cleaned, because clients may send anything."""

import pytest

from gateway.documents.domain import name_of


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
        ('attachment; filename="../../etc/passwd"', "passwd.pdf"),
        ('attachment; filename="C:\\\\temp\\\\recibo.pdf"', "recibo.pdf"),
        ("attachment; filename*=UTF-8''recibo%E2%80%AEfdp.exe", "recibofdp.exe.pdf"),
        ("attachment; filename*=UTF-8''a%00b%0D%0Ac.pdf", "ab c.pdf"),
        ('attachment; filename="..."', "documento.pdf"),
    ],
)
def test_the_name_is_parsed_by_rfc_6266_and_cleaned(header: str, name: str) -> None:
    assert name_of(header, "application/pdf") == name
