"""File names: parsed elsewhere, made harmless here."""

import re
from collections.abc import Sequence
from typing import Final

from services.common.contracts.limits import MAX_FILE_NAME
from services.common.text.characters import one_line

_PATH: Final = re.compile(r"[/\\]")
_ENDING: Final = re.compile(r"\.[A-Za-z0-9]{1,8}$")
_BEFORE_A_DOT: Final = re.compile(r"[ .]+\.")
_UNNAMED: Final = "documento"


def file_name(name: str, endings: Sequence[str] = ()) -> str:
    """The last part of `name` as a path, on one line, of at most `MAX_FILE_NAME` characters. Its ending survives the cut.

    With `endings` it has one of these: another ending, perhaps of another type, gets the first of them after its own.
    """
    tidy = _BEFORE_A_DOT.sub(".", one_line(_PATH.split(name)[-1]).strip(" ."))
    ending = _ending(tidy, endings)
    stem = tidy[: len(tidy) - len(ending)]
    ending = ending or (endings[0] if endings else "")
    return (one_line(stem[: MAX_FILE_NAME - len(ending)]).rstrip(" .") or _UNNAMED) + ending


def _ending(name: str, endings: Sequence[str]) -> str:
    """The part of `name` that is its ending; empty if it is none of `endings`."""
    if not endings:
        found = _ENDING.search(name)
        return found[0] if found else ""
    length = next((len(each) for each in endings if name.lower().endswith(each)), 0)
    return name[len(name) - length :]
