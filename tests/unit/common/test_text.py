"""Typed and pasted text: what nobody sees goes, what a script needs stays."""

import time
import unicodedata
from collections.abc import Callable
from typing import Annotated, Any

import pytest
from hypothesis import example, given, strategies as st
from pydantic import TypeAdapter, ValidationError

from services.common.contracts import declared
from services.common.contracts.base import MAX_DESCRIPTION, Prose
from services.common.contracts.limits import MAX_FILE_NAME, MEDIA_TYPES
from services.common.domain.identifiers import parse_reference
from services.common.text import code, identifier, is_blank, one_line, password_forms, prose
from services.common.text.file_names import file_name

NISS = "12345678910"
REFERENCE = "PO-HWE1P-7KF19-8"
INVISIBLE = {
    "no-break space": "\u00a0",
    "narrow no-break space": "\u202f",
    "thin space": "\u2009",
    "figure space": "\u2007",
    "ideographic space": "\u3000",
    "zero-width space": "\u200b",
    "zero-width joiner": "\u200d",
    "word joiner": "\u2060",
    "byte order mark": "\ufeff",
    "soft hyphen": "\u00ad",
    "left-to-right mark": "\u200e",
    "right-to-left override": "\u202e",
    "isolate": "\u2066",
    "hangul filler": "\u3164",
    "variation selector": "\ufe0f",
    "tabulator": "\t",
    "line end": "\r\n",
    "line separator": "\u2028",
    "next line": "\u0085",
    "NUL": "\0",
}
DASHES = {
    "hyphen": "\u2010",
    "non-breaking hyphen": "\u2011",
    "figure dash": "\u2012",
    "en dash": "\u2013",
    "em dash": "\u2014",
    "minus": "\u2212",
    "small hyphen": "\ufe63",
    "full-width hyphen": "\uff0d",
}


@pytest.mark.parametrize("character", (INVISIBLE | DASHES).values(), ids=(INVISIBLE | DASHES).keys())
def test_a_number_is_understood_with_any_blank_dash_or_invisible_character_in_it(character: str) -> None:
    assert identifier(f"{character}{NISS[:3]}{character}{NISS[3:]}{character}") == NISS


@pytest.mark.parametrize(
    "zero", ["\uff10", "\u0660", "\u06f0", "\u0966"], ids=["full width", "arabic", "persian", "hindi"]
)
def test_decimal_digits_of_any_script_are_digits(zero: str) -> None:
    assert identifier("".join(chr(ord(zero) + int(digit)) for digit in NISS)) == NISS


@pytest.mark.parametrize("other", ["²", "①", "½", "Ⅳ", "〇"])
def test_signs_that_only_look_like_a_digit_are_none(other: str) -> None:
    assert not identifier(f"1234567891{other}").isascii()


@pytest.mark.parametrize("character", (INVISIBLE | DASHES).values(), ids=(INVISIBLE | DASHES).keys())
def test_a_reference_is_understood_as_it_was_pasted(character: str) -> None:
    assert parse_reference(f"{character}{REFERENCE.replace('-', character)}{character}") == REFERENCE


@pytest.mark.parametrize("character", INVISIBLE.values(), ids=INVISIBLE.keys())
def test_a_code_loses_what_is_invisible(character: str) -> None:
    assert code(f"{character}FAM-01{character}") == "FAM-01"


@pytest.mark.parametrize("dash", DASHES.values(), ids=DASHES.keys())
def test_every_dash_of_a_code_is_a_hyphen(dash: str) -> None:
    assert code(f"FAM{dash}01") == "FAM-01"


@given(text=st.text())
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    for clean in (identifier, code, one_line, prose, file_name):
        assert clean(clean(text)) == clean(text)


@given(text=st.text(max_size=300), longest=st.integers(0, 100))
def test_one_line_has_no_break_nothing_invisible_and_no_more_than_is_wanted(text: str, longest: int) -> None:
    line = one_line(text, longest)
    assert len(line) <= longest
    assert line == " ".join(line.split())
    assert unicodedata.is_normalized("NFC", line)
    others = line.replace("\u200c", "").replace("\u200d", "")
    assert not any(
        unicodedata.category(each)[0] == "C" or unicodedata.category(each) in {"Zl", "Zp"} for each in others
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("  Ana\r\n\tS\u00e1\u2028 ", "Ana Sá"),
        ("\u202eAna\x00\u200b\ud800", "Ana"),
        ("Jose\u0301 \u2067Sá\u2069", "José Sá"),
        ("Bcc: x@example.org", "Bcc: x@example.org"),
    ],
)
def test_a_line_keeps_the_words(text: str, line: str) -> None:
    assert one_line(text) == line


JOINED = {
    "sinhala": "\u0dc1\u0dca\u200d\u0dbb\u0dd3 Perera",
    "hindi": "\u0930\u0915\u094d\u200d\u0937\u093e",
    "bengali": "\u09b0\u200d\u09cd\u09af\u09be\u09ac",
    "persian": "\u0646\u06cc\u06a9\u200c\u067e\u06cc",
    "malayalam, at the end of the word": "\u0d05\u0d35\u0d28\u0d4d\u200d Nair",
    "kannada": "\u0cb0\u0ccd\u200d\u0c95",
}


@pytest.mark.parametrize("name", JOINED.values(), ids=JOINED.keys())
def test_a_name_keeps_the_joiners_that_its_script_needs(name: str) -> None:
    assert one_line(name) == name
    assert file_name(f"{name}.pdf", (".pdf",)) == f"{name}.pdf"


@pytest.mark.parametrize(
    ("given_name", "name"),
    [
        ("A\u200dna S\u200c\u00e1", "Ana Sá"),
        ("\u200dAna\u200c", "Ana"),
        ("\u0646\u06cc\u06a9\u200c", "\u0646\u06cc\u06a9"),
        ("\u0dc1\u0dca\u200d\u200d\u200c\u0dbb\u0dd3", "\u0dc1\u0dca\u200d\u0dbb\u0dd3"),
        ("\u0dc1\u0dca\u202e\u200d\u200b\u0dbb\u0dd3", "\u0dc1\u0dca\u200d\u0dbb\u0dd3"),
        ("\u0413\u200d\u0440\u0435\u0442\u0430", "\u0413\u0440\u0435\u0442\u0430"),
    ],
)
def test_other_joiners_of_a_name_go(given_name: str, name: str) -> None:
    assert one_line(given_name) == name


def test_a_cut_leaves_no_joiner_at_the_end() -> None:
    assert one_line("\u0646\u06cc\u06a9\u200c\u067e\u06cc", 4) == "\u0646\u06cc\u06a9"


@pytest.mark.parametrize("line_end", ["\r\n", "\r", "\n", "\u2028", "\u2029", "\u0085", "\v", "\f"])
def test_a_line_end_of_prose_counts_as_one_character(line_end: str) -> None:
    assert prose(f"Bom dia.{line_end}{line_end}Obrigado.") == "Bom dia.\n\nObrigado."


@pytest.mark.parametrize(
    "hidden",
    ["\0", "\x07", "\x1b", "\x7f", "\u0090", "\u200e", "\u061c", "\u202a", "\u202e", "\u2066", "\ufeff", "\ufff9"],
)
def test_prose_loses_control_and_direction_characters(hidden: str) -> None:
    assert prose(f"pagar{hidden}001 euros") == "pagar001 euros"


@pytest.mark.parametrize(
    "text",
    [
        "Bom dia,\n\n\tsegue a lista:\n  1. recibo  ",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f\u200d\U0001f525",
        JOINED["persian"],
        "Jose\u0301",
        "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
        "\u1780\u200b\u1781 co\u00adoperar",
    ],
)
def test_prose_stays_as_it_was_written(text: str) -> None:
    assert prose(text) == text


class TestProse:
    """The type that the API and all contracts use for what people and departments write."""

    type: TypeAdapter[str] = TypeAdapter(Prose)

    @pytest.mark.parametrize("line_end", ["\r\n", "\r", "\u2028"])
    def test_the_limit_counts_a_line_end_once(self, line_end: str) -> None:
        lines = ["x" * 199] * 20
        assert len(self.type.validate_python(line_end.join(lines) + "x")) == MAX_DESCRIPTION

    def test_the_limit_counts_decomposed_accents_with_their_letters(self) -> None:
        assert self.type.validate_python("e\u0301" * MAX_DESCRIPTION) == "\u00e9" * MAX_DESCRIPTION

    def test_the_limit_counts_what_is_removed_not_at_all(self) -> None:
        assert self.type.validate_python("\u202e" + "x" * MAX_DESCRIPTION + "\ufeff") == "x" * MAX_DESCRIPTION

    def test_one_character_too_many_is_refused(self) -> None:
        with pytest.raises(ValidationError):
            self.type.validate_python("\U0001f9e1" * (MAX_DESCRIPTION + 1))

    @pytest.mark.parametrize("blank", ["", " ", "\r\n", "\u200b\u200d", "\u2800", "\u3164", "\u202e\ufeff", "\u0301"])
    def test_text_without_anything_visible_is_refused(self, blank: str) -> None:
        with pytest.raises(ValidationError):
            self.type.validate_python(blank)

    def test_the_published_limits_stay(self) -> None:
        schema = self.type.json_schema()
        assert (schema["minLength"], schema["maxLength"], schema["pattern"]) == (1, MAX_DESCRIPTION, r"\S")


@given(text=st.text(min_size=1, alphabet="\u00ad\u034f\u115f\u200b\u2800\u3164 \n\u0301"))
def test_text_of_invisible_characters_is_blank(text: str) -> None:
    assert is_blank(text)
    assert not is_blank(f"{text}.")


@pytest.mark.parametrize(
    "password", ["Violeta-Amélia-São-1947", "Ångström-ﬁ-12", "한국어-비밀번호", "\u1e9b\u0323-mixed-e\u0301\u00e9"]
)
def test_a_password_has_one_form_to_store_in_whatever_form_it_is_typed(password: str) -> None:
    typed = [unicodedata.normalize(form, password) for form in ("NFC", "NFD")] + [password]
    assert {password_forms(each)[0] for each in typed} == {unicodedata.normalize("NFC", password)}
    for each in typed:
        assert each in password_forms(each)


def test_a_password_without_accents_has_one_form_only() -> None:
    assert password_forms("uma frase comprida") == ("uma frase comprida",)


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
        ("á" * 400 + ".PDF", "á" * (MAX_FILE_NAME - 4) + ".PDF"),
    ],
)
def test_a_file_name_is_made_harmless_and_ends_as_its_type_does(given_name: str, kept: str) -> None:
    assert file_name(given_name, MEDIA_TYPES["application/pdf"]) == kept


@given(name=st.text(max_size=500) | st.text(alphabet="0. ", max_size=12), media_type=st.sampled_from([*MEDIA_TYPES]))
@example(name="0..0", media_type="application/pdf")
@example(name="a. .0", media_type="application/pdf")
def test_a_file_name_is_short_plain_and_the_same_whether_its_type_is_known_at_once_or_later(
    name: str, media_type: str
) -> None:
    endings = MEDIA_TYPES[media_type]
    cleaned = file_name(name, endings)

    assert 0 < len(cleaned) <= MAX_FILE_NAME
    assert not {"/", "\\"} & set(cleaned)
    assert not any(unicodedata.category(each) in {"Cc", "Cs", "Co", "Cn"} for each in cleaned)
    assert cleaned.lower().endswith(endings)
    assert file_name(cleaned, endings) == cleaned
    if len(name) <= MAX_FILE_NAME - 5:
        assert file_name(file_name(name), endings) == cleaned


WRITTEN = [
    (name, field)
    for events in declared().values()
    for name, event in events.items()
    for field in ("text", "description")
    if field in event.model_fields
]


@pytest.mark.parametrize(("name", "field"), sorted(set(WRITTEN)))
def test_every_contract_cleans_the_words_of_people_and_departments(name: str, field: str) -> None:
    """Also when a department's own system publishes them."""
    for events in declared().values():
        if name in events and field in events[name].model_fields:
            info = events[name].model_fields[field]
            annotated: Any = Annotated[info.annotation, "as declared", *info.metadata]
            assert TypeAdapter(annotated).validate_python("pagar\u202e\r\n\x1b001") == "pagar\n001"


def test_the_words_of_departments_are_found() -> None:
    commands = {name for name, _ in WRITTEN if ".assignment." in name}
    assert {f"pt.postigo.assignment.{command}.v1" for command in ("answer", "resolve", "reject")} <= commands


@pytest.mark.parametrize("marks", ["\u0301" * 30_000, "\u0301" * 15_000 + "\u0316" * 15_000, "\u0301\u0316" * 15_000])
def test_text_of_nothing_but_accents_is_judged_in_linear_time(marks: str) -> None:
    started = time.process_time()
    with pytest.raises(ValidationError, match="at most 4000"):
        TypeAdapter(Prose).validate_python("a" + marks)
    one_line("a" + marks)
    assert time.process_time() - started < 0.5


def test_as_many_marks_as_any_script_uses_are_composed() -> None:
    decomposed = unicodedata.normalize("NFD", "ệ") * MAX_DESCRIPTION
    assert TypeAdapter(Prose).validate_python(decomposed) == "ệ" * MAX_DESCRIPTION
    assert one_line("e" + "\u0301" * 30) == "é" + "\u0301" * 29


@pytest.mark.parametrize("clean", [identifier, code])
def test_what_is_too_long_to_be_an_identifier_is_not_cleaned(clean: Callable[[str], str]) -> None:
    assert clean("\u200b" * 990 + "FAM01") == "FAM01"
    assert clean("- " * 30_000) == "- " * 30_000
