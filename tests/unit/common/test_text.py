"""Text from strangers: nothing in it that could mislead or break a line."""

import unicodedata

import pytest
from hypothesis import given, strategies as st

from services.common.contracts.limits import MAX_FILE_NAME, MEDIA_TYPES
from services.common.text import clean_file_name, one_line


@given(text=st.text(max_size=300), longest=st.integers(0, 100))
def test_one_line_has_no_break_nothing_invisible_and_no_more_than_is_wanted(text: str, longest: int) -> None:
    line = one_line(text, longest)
    assert len(line) <= longest
    assert line == " ".join(line.split())
    assert not any(unicodedata.category(each)[0] == "C" or unicodedata.category(each) in {"Zl", "Zp"} for each in line)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("  Ana\r\n\tS\u00e1\u2028 ", "Ana Sá"),
        ("\u202eAna\x00\u200b\ud800", "Ana"),
        ("Bcc: x@example.org", "Bcc: x@example.org"),
    ],
)
def test_a_line_keeps_the_words(text: str, line: str) -> None:
    assert one_line(text) == line


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("Recibo de Março.pdf", "Recibo de Março.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        (r"C:\Users\ana\recibo.PDF", "recibo.PDF"),
        ("fatura.pdf.exe", "fatura.pdf.exe.pdf"),
        ("\u202efdp.exe", "fdp.exe.pdf"),
        ("a\x00b\x1bc\r\nd.pdf", "abc d.pdf"),
        ("  . recibo . ", "recibo.pdf"),
        ("", "documento.pdf"),
        (".pdf", "pdf.pdf"),
        ("/", "documento.pdf"),
        ("Marc\u0327o.pdf", "Março.pdf"),
        ("x" * 300 + ".pdf", "x" * (MAX_FILE_NAME - 4) + ".pdf"),
    ],
)
def test_a_name_is_stripped_of_what_could_harm(given_name: str, kept: str) -> None:
    assert clean_file_name(given_name, "application/pdf") == kept


@given(name=st.text(max_size=500), media_type=st.sampled_from([*MEDIA_TYPES]))
def test_a_cleaned_name_is_short_plain_and_ends_as_its_type(name: str, media_type: str) -> None:
    cleaned = clean_file_name(name, media_type)

    assert 0 < len(cleaned) <= MAX_FILE_NAME
    assert not {"/", "\\"} & set(cleaned)
    assert not any(unicodedata.category(each)[0] == "C" for each in cleaned)
    assert cleaned.lower().endswith(MEDIA_TYPES[media_type])
    assert clean_file_name(cleaned, media_type) == cleaned
    assert clean_file_name(cleaned, media_type) == cleaned
