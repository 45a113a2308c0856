"""Renders a notice in the person's language, as plain text and as HTML, from versioned templates.

Each text is written once. The layout that it extends decides whether it becomes plain text or HTML.
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
"""Maximum characters shown of a name or a reference."""

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
    """The notice in the person's language, or in Portuguese if we have no text in that language.

    Names and references may contain any character: none of them can break a line, an element or a link.
    """
    language = to.language if to.language in LANGUAGES else LANGUAGES[0]
    reference = one_line(delivery.reference, LONGEST)
    variables = {
        "language": language,
        "name": one_line(to.name, LONGEST),
        "reference": reference,
        "link": f"{public_url}/pedidos/{quote(reference, safe='')}",
    }
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
