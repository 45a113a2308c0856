"""What is typed, before it is what a command needs."""

from pathlib import Path

import typer


def folder(typed: str | Path) -> Path:
    """An empty one comes of a variable that is not set, and would mean the folder one stands in."""
    if not str(typed).strip():
        raise typer.BadParameter("it is empty")
    return Path(typed)
