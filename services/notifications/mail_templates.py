"""Renders a notice in the language of its request, as plain text and as HTML, from versioned templates.

Each text is written once. The layout that it extends decides whether it becomes plain text or HTML.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.common.catalogue import Language, catalogues
from services.common.http.languages import DEFAULT, LANGUAGES
from services.common.text import one_line
from services.common.text.dates import IN_WORDS
from services.notifications.domain import Addressee, Delivery

LONGEST: Final = 100
"""Maximum characters shown of a name or a reference."""

PATHS: Final[Mapping[Language, str]] = {"pt": "pedidos", "en": "requests"}
"""Where a person reads a request, at the public address."""

_ENDS_A_SENTENCE: Final = (".", "!", "?", "…")

_FOLDER: Final = FileSystemLoader(Path(__file__).parent / "templates")
_TEXT: Final = Environment(loader=_FOLDER, autoescape=False, undefined=StrictUndefined)  # noqa: S701 - plain text
_HTML: Final = Environment(loader=_FOLDER, autoescape=True, undefined=StrictUndefined)


@dataclass(frozen=True, slots=True)
class RenderedMail:
    language: Language
    subject: str
    text: str
    html: str


def render(delivery: Delivery, to: Addressee, public_url: str) -> RenderedMail:
    """The notice in the language of its request. A delivery without one uses the account's; an unknown one is Portuguese.

    Names and references may contain any character: none of them can break a line, an element or a link.
    """
    wanted = delivery.language or to.language
    language = next((each for each in LANGUAGES if each == wanted), DEFAULT)
    variables = _variables(delivery, to, public_url, language)
    file = f"{delivery.templates}/{language}/{delivery.notice}.txt"
    text = _TEXT.get_template(file)
    subject = one_line("".join(text.blocks["subject"](text.new_context(variables))), 2 * LONGEST)
    variables["subject"] = subject
    return RenderedMail(
        language=language,
        subject=subject,
        text=text.render(variables, layout=f"{delivery.templates}/layout.txt"),
        html=_HTML.get_template(file).render(variables, layout=f"{delivery.templates}/layout.html"),
    )


def _variables(delivery: Delivery, to: Addressee, public_url: str, language: Language) -> dict[str, str | None]:
    """The words of the templates. `full_stop` ends a sentence that ends with the name, which may be `Padaria Lda.`"""
    name, reference = one_line(to.name, LONGEST), one_line(delivery.reference, LONGEST)

    def in_words(day: date | None) -> str | None:
        return None if day is None else IN_WORDS[language](day)

    return {
        "language": language,
        "name": name,
        "full_stop": "" if name.endswith(_ENDS_A_SENTENCE) else ".",
        "reference": reference,
        "about": _title(delivery, language),
        "happened_on": in_words(delivery.happened_on),
        "due_on": in_words(delivery.due_on),
        "reply_until": in_words(delivery.reply_until),
        "deliver_until": in_words(delivery.deliver_until),
        "answer_until": in_words(delivery.answer_until),
        "department": _department(delivery.department, language),
        "link": f"{public_url}/{PATHS[language]}/{quote(reference, safe='')}",
    }


def _title(delivery: Delivery, language: Language) -> str | None:
    """The title of the subject; None for one that no catalogue has: its code tells people nothing."""
    subject, version = delivery.subject or "", delivery.catalogue_version
    entry = catalogues().find(lambda catalogue: catalogue.subjects, subject, version)
    return None if entry is None else entry.name(language)


def _department(code: str | None, language: Language) -> str | None:
    """The public name of a department; None for one that no catalogue has."""
    entry = catalogues().newest(lambda catalogue: catalogue.departments, code or "")
    return None if entry is None else entry.name(language)
