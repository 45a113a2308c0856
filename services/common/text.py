"""Cleans untrusted text: removes invisible characters and line breaks."""

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
    """The last part of the path `name`, on one line, at most `MAX_FILE_NAME` characters, with an extension of its type.

    A name with another extension, or none, gets the first extension of its type appended.
    """
    cleaned = unicodedata.normalize("NFC", one_line(_PATH.split(name)[-1])).strip(" .")
    extensions = MEDIA_TYPES[media_type]
    split = len(cleaned) - next((len(each) for each in extensions if cleaned.lower().endswith(each)), 0)
    stem, extension = cleaned[:split], cleaned[split:] or extensions[0]
    return (stem[: MAX_FILE_NAME - len(extension)].rstrip(" .") or "documento") + extension
