"""Commands in hints and errors, in the form in which the person started this one: with make, `postigo` or a path."""

import os
import shutil
from pathlib import Path
from typing import Final

STARTED_BY: Final = "POSTIGO_STARTED_BY"
"""The variable with the word before the command: `make` (set by the Makefile), or the path that was typed."""

DEFAULT_HOME: Final = Path(".postigo")


def typed(name: str, *arguments: str, home: Path = DEFAULT_HOME) -> str:
    """How to type the command `name`: `make logs ARGS=mongo`, or `postigo logs mongo`."""
    home_option = [] if home.resolve() == DEFAULT_HOME.resolve() else ["--home", str(home)]
    if not arguments and not home_option:
        return f"{_program()} {name}"
    return f"{_program()} {name} {option(*arguments, *home_option)}"


def option(*words: str) -> str:
    """How to type further options: `ARGS="--home DIR"` for make, otherwise `--home DIR`."""
    rest = " ".join(words)
    if _program() != "make":
        return rest
    return f'ARGS="{rest}"' if " " in rest else f"ARGS={rest}"


def remember(program: str) -> None:
    """Use the path `program` in hints, unless make started it or `postigo` is on the PATH."""
    if Path(program).name == "postigo" and shutil.which("postigo") is None:
        os.environ.setdefault(STARTED_BY, program)


def _program() -> str:
    return os.environ.get(STARTED_BY, "postigo")
