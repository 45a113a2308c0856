"""The commands of `postigo receipt`. Their code is in `receipt`, imported when it runs."""

from pathlib import Path
from typing import Annotated

import typer

from deploy.cli.operator_options import JsonOption

receipt_app = typer.Typer(help="Signed receipts of requests.", no_args_is_help=True)


@receipt_app.callback()
def receipt() -> None:
    """Signed receipts of requests."""


@receipt_app.command("verify")
def receipt_verify(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="The receipt as it was downloaded, signed or as a PDF.", show_default=False
        ),
    ],
    keys: Annotated[
        Path,
        typer.Option(
            "--keys",
            metavar="FILE",
            help="The published keys: save /v1/receipts/keys of the service once.",
            show_default=False,
        ),
    ],
    as_json: JsonOption = False,
) -> None:
    """Verify a receipt offline. The exit code is 1 if it is not valid."""
    from deploy.cli import receipt as command

    command.verify_file(file, keys, as_json=as_json)
