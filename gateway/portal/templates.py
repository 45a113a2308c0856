"""The Jinja2 environments of the pages, one for each language."""

from functools import cache, partial
from pathlib import Path
from typing import Final

from jinja2 import Environment, PackageLoader, PrefixLoader, StrictUndefined
from markupsafe import Markup

from gateway.portal import formats
from gateway.portal.static_files import static_path
from gateway.portal.translations import translations
from services.common.catalogue import Language

CAPABILITIES: Final = ("accounts", "drafts", "help", "portal", "receipts", "requests", "status")
"""The folders of the gateway with `templates`. `requests/list.html` is `gateway/requests/templates/list.html`."""

_ICONS: Final = Path(__file__).parent / "icons"


@cache
def environment(language: Language) -> Environment:
    made = Environment(
        loader=PrefixLoader({each: PackageLoader(f"gateway.{each}") for each in CAPABILITIES}),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    words = translations(language)
    # The extension adds these methods to the environment; Jinja2's types do not know them.
    made.install_gettext_callables(words.gettext, words.ngettext, newstyle=True)  # type: ignore[attr-defined]
    made.policies["ext.i18n.trimmed"] = True
    made.globals.update(language=language, static=static_path, icon=icon)
    for name in ("day", "weekday", "clock", "size", "decimal"):
        made.filters[name] = partial(getattr(formats, name), language)
    made.filters["paragraphs"] = paragraphs
    return made


def render(language: Language, template: str, /, **values: object) -> str:
    """The page. Raises `jinja2.UndefinedError` for a value that the template needs and does not get."""
    return environment(language).get_template(template).render(values)


@cache
def icon(name: str) -> Markup:
    """An icon of the folder `icons`, inline. Screen readers skip it: the text beside it says the same."""
    drawing = (_ICONS / f"{name}.svg").read_text(encoding="utf-8").partition("<svg")[2].partition(">")[2]
    attributes = 'class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"'
    return Markup(f"<svg {attributes}>{' '.join(drawing.split())}")  # noqa: S704 - a file of ours


def paragraphs(text: str) -> Markup:
    """Plain text with its line breaks, as paragraphs."""
    blocks = (block.split("\n") for block in text.strip().split("\n\n"))
    return Markup("").join(Markup("<p>{}</p>").format(Markup("<br>").join(line for line in lines)) for lines in blocks)
