"""Text from strangers, made harmless: nothing invisible in it, and no line break."""

import re
import unicodedata
from typing import Final

from services.common.contracts.limits import MAX_FILE_NAME, MEDIA_TYPES

_PATH: Final = re.compile(r"[/\\]")


def one_line(text: str, longest: int | None = None) -> str:
    """`text` with white space as single spaces, and without control, formatting (right-to-left override), surrogate and
    unassigned characters; at most `longest` characters of it.
    """
    visible = "".join(each for each in text if each.isspace() or unicodedata.category(each)[0] != "C")
    return " ".join(visible.split())[:longest].rstrip()


def clean_file_name(name: str, media_type: str) -> str:
    """The last part of `name` as a path, on one line, of at most `MAX_FILE_NAME` characters, ending as its type does.

    One that ends otherwise, perhaps as another type does, gets the right ending after its own.
    """
    tidy = unicodedata.normalize("NFC", one_line(_PATH.split(name)[-1])).strip(" .")
    endings = MEDIA_TYPES[media_type]
    given = next((each for each in endings if tidy.lower().endswith(each)), "")
    stem, ending = tidy[: len(tidy) - len(given)], tidy[len(tidy) - len(given) :] or endings[0]
    return (stem[: MAX_FILE_NAME - len(ending)].rstrip(" .") or "documento") + ending
