"""The help of subjects: complete, in plain words, the same in both languages; and the faults of its files."""

import re
from pathlib import Path
from shutil import copytree
from typing import Final

import pytest

from services.common.catalogue import INCLUDED, FaultyCatalogue, Language, catalogue, catalogues
from services.common.catalogue.help_pages import HEADINGS, help_pages, read_help, read_page

LANGUAGES: Final[tuple[Language, ...]] = ("pt", "en")
PAGE: Final = "Um valor mensal.\n\n" + "\n\n".join(f"## {title}\n\n- Uma frase." for title in HEADINGS["pt"]) + "\n"
ALL: Final = sorted(help_pages())


def faults_of(folder: Path) -> list[str]:
    with pytest.raises(FaultyCatalogue) as raised:
        read_help(folder, catalogues())
    return [f"{each.file.parent.name}/{each.file.name}:{each.line}: {each.text}" for each in raised.value.faults]


def page_with(folder: Path, text: str | bytes) -> list[str]:
    file = folder / "FAM-01.md"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(FaultyCatalogue) as raised:
        read_page(file, "FAM-01", "pt")
    return [f"{each.line}: {each.text}" for each in raised.value.faults]


def test_every_subject_has_help_in_both_languages() -> None:
    assert {code for code, _ in help_pages()} == set(catalogue().subjects)
    assert len(help_pages()) == 2 * 54


@pytest.mark.parametrize(("code", "language"), ALL)
def test_sentences_are_short(code: str, language: Language) -> None:
    lines = (line.lstrip("-0123456789. #") for line in help_pages()[code, language].markdown.splitlines())
    sentences = [each for line in lines for each in re.split(r"(?<=[.!?:]) ", line)]
    assert max(len(each.split()) for each in sentences) <= 20


@pytest.mark.parametrize("code", sorted(catalogue().subjects))
def test_both_languages_say_the_same_number_of_things(code: str) -> None:
    portuguese, english = (help_pages()[code, language] for language in LANGUAGES)
    for here, there in zip(portuguese.sections, english.sections, strict=True):
        assert here.html.count("<li>") == there.html.count("<li>") > 0


@pytest.mark.parametrize(("code", "language"), ALL)
def test_subjects_that_are_named_exist_and_the_department_is_the_right_one(code: str, language: Language) -> None:
    page = help_pages()[code, language]
    names = {each.name(language) for each in (*catalogue().subjects.values(), *catalogue().reasons.values())}
    quoted = re.findall("«([^»]+)»" if language == "pt" else '"([^"]+)"', page.markdown)
    assert set(quoted) <= names
    department = catalogue().departments[catalogue().subjects[code].department].name(language)
    assert department.partition(" (")[0].casefold() in page.sections[2].text.casefold()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (PAGE + "\n<script>alert(1)</script>\n", "19: has HTML: only Markdown text and links are allowed"),
        (PAGE.replace("mensal", "<b>mensal</b>"), "1: has HTML: only Markdown text and links are allowed"),
        (PAGE + "\n![Foto](/a.png)\n", "19: has a picture: only Markdown text and links are allowed"),
        (PAGE + "\n[Ver](javascript:alert(1))\n", "19: has a link to an address that is not https"),
        (PAGE + "\n[Ver](data:text/html,a)\n", "19: has a link to an address that is not https"),
        (PAGE + "\n[Ver](//evil.example)\n", "19: has a link to an address that is not https"),
        (PAGE.replace("## Onde mais ir", "## Outros"), "3: must have exactly these headings, in this order: "),
        (PAGE.replace("## Onde mais ir", "### Onde mais ir"), "3: must have exactly these headings, in this order: "),
        ("", "1: must have exactly these headings, in this order: "),
        (PAGE.replace("Um valor mensal.", ""), "1: has an empty part: "),
        (PAGE + "a" * 8_000, "1: has more than 8000 characters"),
        (b"\xff\xfe", "1: is no text in UTF-8"),
    ],
)
def test_a_faulty_file_is_refused_with_its_line(tmp_path: Path, text: str | bytes, fault: str) -> None:
    found = page_with(tmp_path, text)
    assert found
    assert any(each.startswith(fault) for each in found)


@pytest.mark.parametrize(
    "address", ["https://example.org", "mailto:a@example.org", "tel:+351210000000", "/ajuda/FAM-01"]
)
def test_a_link_may_lead_to_a_page_a_mail_or_a_telephone(tmp_path: Path, address: str) -> None:
    file = tmp_path / "FAM-01.md"
    file.write_text(f"{PAGE}\n[Ver]({address})\n", encoding="utf-8")
    assert f'href="{address}"' in read_page(file, "FAM-01", "pt").sections[3].html


def test_missing_and_superfluous_files_are_faults(tmp_path: Path) -> None:
    copytree(INCLUDED, tmp_path, dirs_exist_ok=True)
    (tmp_path / "help" / "pt" / "FAM-01.md").rename(tmp_path / "help" / "pt" / "FAM-99.md")
    assert faults_of(tmp_path) == [
        "pt/FAM-99.md:1: belongs to no subject",
        "pt/FAM-01.md:1: cannot be read: No such file or directory",
    ]
