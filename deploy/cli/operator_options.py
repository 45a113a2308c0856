"""The options that several commands of operators have."""

from pathlib import Path
from typing import Annotated

import typer

from deploy.cli.arguments import folder

PANEL = "Operator"


def _none_if_blank(text: str | None) -> str | None:
    return (text or "").strip() or None


HomeOption = Annotated[
    Path,
    typer.Option(
        "--home",
        metavar="DIR",
        parser=folder,
        help="Folder of the stack, unless KAFKA_URL and the others name a server.",
        show_default=False,
    ),
]
ReasonOption = Annotated[
    str | None,
    typer.Option(
        "--reason",
        metavar="TEXT",
        callback=_none_if_blank,
        help="Why; needed to do anything. It is recorded: no personal data.",
    ),
]
YesOption = Annotated[
    bool, typer.Option("--yes", "--apply", "-y", help="Do it. Without it the command only shows what it would do.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="For programs.")]
