"""The words of the pages. Templates are written in English; `locale/pt.po` has the Portuguese (GNU gettext, by Babel)."""

from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from services.common.catalogue import Language

PORTUGUESE: Final = Path(__file__).parent / "locale" / "pt.po"


@cache
def translations(language: Language) -> NullTranslations:
    """The translations of the templates' words into this language."""
    if language == "en":
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, portuguese())
    compiled.seek(0)
    return GNUTranslations(compiled)


@cache
def portuguese() -> Catalog:
    with PORTUGUESE.open("rb") as file:
        return read_po(file)
