"""The wording: a notice in the person's language, as plain text and as HTML, from versioned templates.

A template's words are written once; the layout they extend decides whether they become text or HTML.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.common.text import one_line
from services.notifications.domain import Addressee, Delivery

LANGUAGES: Final = ("pt", "en")
LONGEST: Final = 100
"""Characters of a name or a reference that are shown."""

_FOLDER: Final = FileSystemLoader(Path(__file__).parent / "templates")
_TEXT: Final = Environment(loader=_FOLDER, autoescape=False, undefined=StrictUndefined)  # noqa: S701 - plain text
_HTML: Final = Environment(loader=_FOLDER, autoescape=True, undefined=StrictUndefined)


@dataclass(frozen=True, slots=True)
class RenderedMail:
    language: str
    subject: str
    text: str
    html: str


def render(delivery: Delivery, to: Addressee, public_url: str) -> RenderedMail:
    """The notice in the person's language, or in Portuguese when we do not write it.

    Names and references may hold anything: neither can break a line, an element or a link.
    """
    language = to.language if to.language in LANGUAGES else LANGUAGES[0]
    reference = one_line(delivery.reference, LONGEST)
    words = {
        "language": language,
        "name": one_line(to.name, LONGEST),
        "reference": reference,
        "link": f"{public_url}/pedidos/{quote(reference, safe='')}",
    }
    file = f"{delivery.templates}/{language}/{delivery.notice}.txt"
    text = _TEXT.get_template(file)
    subject = one_line("".join(text.blocks["subject"](text.new_context(words))), 2 * LONGEST)
    words["subject"] = subject
    return RenderedMail(
        language=language,
        subject=subject,
        text=text.render(words, layout=f"{delivery.templates}/layout.txt"),
        html=_HTML.get_template(file).render(words, layout=f"{delivery.templates}/layout.html"),
    )
