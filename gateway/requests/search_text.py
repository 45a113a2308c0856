"""The words by which an account finds its own requests. Pure."""

from collections.abc import Iterator
from typing import Final

from gateway.requests.names import Names
from gateway.requests.view import RequestView
from services.common.http.languages import LANGUAGES
from services.common.text.folding import words_of

LONGEST: Final = 20_000
"""Characters that are kept: those of the description and of several messages."""


def search_text(view: RequestView) -> str:
    """Each word once, after a space: what the author and departments wrote, the names of files, subject and reason, and the
    reference.
    """
    words = dict.fromkeys(word for text in _texts(view) for word in words_of(text))
    return "".join(f" {each}" for each in words)[:LONGEST]


def _texts(view: RequestView) -> Iterator[str]:
    yield view.reference
    for language in LANGUAGES:
        names = Names(language)
        yield names.subject(view.subject, view.catalogue_version) or ""
        yield names.reason(view.reason, view.catalogue_version) or ""
    yield view.description or ""
    yield from (each.text for each in view.answers)
    for _, fact in sorted(view.facts.items()):
        yield from (
            fact.text or "",
            fact.grounds or "",
            fact.document_name or "",
            fact.appeal.means if fact.appeal else "",
        )
    for item in view.asked.items if view.asked else ():
        yield from (item.what, item.why)
