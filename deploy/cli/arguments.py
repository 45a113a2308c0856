"""Parsers of command-line arguments."""

from pathlib import Path

import typer


def folder(text: str | Path) -> Path:
    """Rejects an empty path: it comes from an unset shell variable, and would mean the current folder."""
    if not str(text).strip():
        raise typer.BadParameter("it is empty")
    return Path(text)
