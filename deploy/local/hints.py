"""How to type a command, for the person who reads a hint: as they typed the one that gives it."""

import os
import shutil
from pathlib import Path
from typing import Final

STARTED_BY: Final = "POSTIGO_STARTED_BY"
"""The variable that holds what was typed before the command: the Makefile says `make`, a path says itself."""

DEFAULT_HOME: Final = Path(".postigo")


def typed(name: str, *arguments: str, home: Path = DEFAULT_HOME) -> str:
    """The command `name` as it works here: `make logs ARGS=mongo`, or `postigo logs mongo`."""
    elsewhere = [] if home.resolve() == DEFAULT_HOME.resolve() else ["--home", str(home)]
    if not arguments and not elsewhere:
        return f"{_typed_before()} {name}"
    return f"{_typed_before()} {name} {option(*arguments, *elsewhere)}"


def option(*words: str) -> str:
    """What is to be added to what was typed."""
    rest = " ".join(words)
    if _typed_before() != "make":
        return rest
    return f'ARGS="{rest}"' if " " in rest else f"ARGS={rest}"


def remember(program: str) -> None:
    """Let hints name `program`, as it was typed, unless make was typed or its name alone would do."""
    if Path(program).name == "postigo" and shutil.which("postigo") is None:
        os.environ.setdefault(STARTED_BY, program)


def _typed_before() -> str:
    return os.environ.get(STARTED_BY, "postigo")
