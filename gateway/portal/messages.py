"""Collects the sentences of the templates for translation: `python -m gateway.portal.messages [--check]`."""

import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from gateway.portal.translations import PORTUGUESE

GATEWAY: Final = Path(__file__).parents[1]
HEADER: Final = b"""msgid ""
msgstr ""
"Language: pt_PT\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

"""
"""Without dates, which would change with each run."""

_METHODS: Final = [("**/templates/**.html", "jinja2.ext:babel_extract")]
_OPTIONS: Final = {"**/templates/**.html": {"trimmed": "true", "silent": "false"}}


def current() -> Catalog:
    """The Portuguese words, with the sentences of today's templates: new ones are empty, and old ones are gone."""
    with PORTUGUESE.open("rb") as file:
        words = read_po(file)
    known = {message.id: message.string for message in words if message.id}
    found = Catalog(charset="utf-8")
    for _, _, sentence, _, _ in extract_from_dir(str(GATEWAY), _METHODS, _OPTIONS):
        is_plural = isinstance(sentence, tuple)
        found.add(sentence, known.get(sentence) or (("", "") if is_plural else ""))
    return found


def written(words: Catalog) -> bytes:
    """The file, without line numbers: they would change with every edit of a template."""
    file = BytesIO()
    write_po(file, words, width=0, sort_output=True, omit_header=True, no_location=True)
    return HEADER + file.getvalue()


def faults(words: Catalog) -> Iterator[str]:
    """Sentences without a translation, and translations that lack a placeholder."""
    for message in words:
        texts = message.string if isinstance(message.string, (list, tuple)) else [message.string]
        if message.id and not all(texts):
            yield f"not translated: {message.id}"
        yield from (f"{error}: {message.id}" for error in message.check(words))


def main() -> None:
    words = current()
    if "--check" not in sys.argv:
        PORTUGUESE.write_bytes(written(words))
    elif written(words) != PORTUGUESE.read_bytes():
        sys.exit(f"{PORTUGUESE.name} is not current: make contracts writes the sentences to translate into it.")
    if found := list(faults(words)):
        sys.exit("\n".join(found))


if __name__ == "__main__":
    main()
