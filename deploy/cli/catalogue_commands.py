"""The commands of `postigo catalogue` and their options. Their code is in `catalogue`, imported when it runs."""

from pathlib import Path
from typing import Annotated, Final

import typer

from deploy.cli.operator_options import JsonOption

catalogue_app = typer.Typer(
    help="The catalogue: subjects, reasons, departments, terms, help and questions.", no_args_is_help=True
)

_FOLDER: Final = "Default: CATALOGUE_FOLDER, else the one that comes with Postigo."

FolderOption = Annotated[Path | None, typer.Option("--folder", metavar="DIR", help=_FOLDER, show_default=False)]


@catalogue_app.command("check")
def catalogue_check(
    folder: Annotated[Path | None, typer.Argument(metavar="DIR", help=_FOLDER, show_default=False)] = None,
    as_json: JsonOption = False,
) -> None:
    """Check a folder before processes use it, and list its versions.

    Every fault is printed with its file and line, and the exit code is then 1.
    """
    from deploy.cli import catalogue as command

    command.check(folder, as_json=as_json)


@catalogue_app.command("diff")
def catalogue_diff(
    before: Annotated[
        str | None,
        typer.Argument(
            metavar="BEFORE",
            help="A version's number or its file. Default: the version before the last one.",
            show_default=False,
        ),
    ] = None,
    after: Annotated[
        str | None,
        typer.Argument(metavar="AFTER", help="The same. Default: the last version.", show_default=False),
    ] = None,
    folder: FolderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what a version changes: entries added and removed, names, departments, reasons and terms.

    Requests keep the version that they were filed under; drafts get the new one, and ask again for what it no longer has.
    """
    from deploy.cli import catalogue as command

    command.diff(folder, before, after, as_json=as_json)
