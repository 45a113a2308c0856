"""How to type a command, for the person who reads a hint: as they typed the one that gives it."""

import os
from pathlib import Path
from typing import Final

STARTED_BY: Final = "POSTIGO_STARTED_BY"
"""The variable by which the Makefile says that `make` was typed."""

DEFAULT_HOME: Final = Path(".postigo")


def typed(name: str, *arguments: str, home: Path = DEFAULT_HOME) -> str:
    """The command `name` as it works here: `make logs ARGS=mongo`, or `postigo logs mongo`."""
    elsewhere = [] if home.resolve() == DEFAULT_HOME.resolve() else ["--home", str(home)]
    if not arguments and not elsewhere:
        return f"make {name}" if _by_make() else f"postigo {name}"
    added = option(*arguments, *elsewhere)
    return f"make {name} {added}" if _by_make() else f"postigo {name} {added}"


def option(*words: str) -> str:
    """What is to be added to what was typed."""
    rest = " ".join(words)
    if not _by_make():
        return rest
    return f'ARGS="{rest}"' if " " in rest else f"ARGS={rest}"


def _by_make() -> bool:
    return os.environ.get(STARTED_BY) == "make"
