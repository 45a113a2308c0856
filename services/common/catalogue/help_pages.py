"""The help of subjects: one Markdown file for each subject and language, in four sections with fixed headings.

How long an answer takes is not written there: it follows from the clocks of the catalogue.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

from services.common.catalogue.models import Language
from services.common.catalogue.versions import Catalogues, catalogues, folder_in_use
from services.common.catalogue.yaml_file import FaultyCatalogue, FileFault, read_text

HELP: Final = "help"

HEADINGS: Final[Mapping[Language, tuple[str, ...]]] = {
    "pt": ("Para quem é", "O que precisa de ter", "O que acontece a seguir", "Onde mais ir"),
    "en": ("Who it is for", "What you need", "What happens next", "Where else to go"),
}

MAX_CHARACTERS: Final = 8_000

# With HTML as text, `javascript:` addresses refused, and pictures found so that they can be refused, too.
_MARKDOWN: Final = MarkdownIt("commonmark", {"html": False})
_WITH_HTML: Final = MarkdownIt("commonmark", {"html": True})
_WITH_HTML.validateLink = lambda _: True  # type: ignore[method-assign, assignment] # finds the addresses that the other one leaves as text
_ADDRESS: Final = re.compile(r"(https://|mailto:|tel:|/(?!/))", re.IGNORECASE)
_REFUSED: Final = {"html_block": "HTML", "html_inline": "HTML", "image": "a picture"}


class Section(NamedTuple):
    """`text` has no markup. `html` is made from Markdown without HTML of its own."""

    title: str
    text: str
    html: str


class HelpPage(NamedTuple):
    """The help of a subject in one language, in plain words."""

    code: str
    language: Language
    markdown: str
    summary: str
    sections: tuple[Section, ...]


HelpPages = Mapping[tuple[str, Language], HelpPage]
"""By code of the subject and language."""


@cache
def help_pages() -> HelpPages:
    """The help that this process uses. Raises `FaultyCatalogue`."""
    return read_help(folder_in_use(), catalogues())


def read_help(folder: Path, known: Catalogues) -> HelpPages:
    """The help of all subjects of the versions that have not ended. Raises `FaultyCatalogue` with everything that is wrong or missing.
    That of subjects that are gone may stay.
    """
    codes = sorted({code for each in known.not_ended for code in each.subjects})
    pages: dict[tuple[str, Language], HelpPage] = {}
    faults: list[FileFault] = []
    for language in HEADINGS:
        names = {f"{code}.md" for each in known.versions for code in each.subjects}
        files = sorted((folder / HELP / language).glob("*"))
        faults += [FileFault(file, 1, "belongs to no subject") for file in files if file.name not in names]
        for code in codes:
            try:
                pages[code, language] = read_page(folder / HELP / language / f"{code}.md", code, language)
            except FaultyCatalogue as error:
                faults.extend(error.faults)
    if faults:
        raise FaultyCatalogue(*faults)
    return pages


def read_page(file: Path, code: str, language: Language) -> HelpPage:
    """One file. Raises `FaultyCatalogue`."""
    text = read_text(file)
    if len(text) > MAX_CHARACTERS:
        raise FaultyCatalogue(FileFault(file, 1, f"has more than {MAX_CHARACTERS} characters"))
    tokens = _MARKDOWN.parse(text)
    if faults := [FileFault(file, line, why) for line, why in _faults(text, tokens, language)]:
        raise FaultyCatalogue(*faults)
    summary, *sections = _parts(tokens)
    return HelpPage(code, language, text, _plain(summary), tuple(map(_section, HEADINGS[language], sections)))


def _section(title: str, tokens: Sequence[Token]) -> Section:
    html = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    return Section(title, _plain(tokens), html)


def _faults(text: str, tokens: Sequence[Token], language: Language) -> Iterator[tuple[int, str]]:
    for token in _all(_WITH_HTML.parse(text)):
        if token.type in _REFUSED:
            yield (token.map or [0])[0] + 1, f"has {_REFUSED[token.type]}: only Markdown text and links are allowed"
        if token.type == "link_open" and not _ADDRESS.match(str(token.attrs.get("href", ""))):
            yield (
                (token.map or [0])[0] + 1,
                "has a link to an address that is not https, mailto, tel, or a page of the portal",
            )
    found = [
        (token.map[0] + 1 if token.map else 1, token.tag, following.content)
        for token, following in pairwise(tokens)
        if token.type == "heading_open"
    ]
    if [(tag, title) for _, tag, title in found] != [("h2", title) for title in HEADINGS[language]]:
        wanted = ", ".join(f"'## {title}'" for title in HEADINGS[language])
        yield found[0][0] if found else 1, f"must have exactly these headings, in this order: {wanted}"
    elif not all(_plain(part) for part in _parts(tokens)):
        yield 1, "has an empty part: the sentence before the first heading, and each section, need words"


def _all(tokens: Sequence[Token]) -> Iterator[Token]:
    """With those inside of others, which get the lines of the outer one."""
    for token in tokens:
        yield token
        for each in token.children or ():
            each.map = token.map
            yield each


def _parts(tokens: Sequence[Token]) -> list[list[Token]]:
    """The tokens before the first heading, and those of each section without its heading."""
    parts: list[list[Token]] = [[]]
    in_heading = False
    for token in tokens:
        if token.type == "heading_open":
            parts.append([])
        in_heading = token.type == "heading_open" or in_heading
        if not in_heading:
            parts[-1].append(token)
        in_heading = in_heading and token.type != "heading_close"
    return parts


def _plain(tokens: Sequence[Token]) -> str:
    texts = (each.content for token in tokens for each in token.children or () if each.type == "text")
    return " ".join(" ".join(texts).split())
