"""The commands of `postigo banner` and their options. Their code is in `banner`, imported when it runs."""

from typing import Annotated

import typer

from deploy.cli.operator_options import HomeOption, JsonOption, ReasonOption, YesOption
from deploy.local.hints import DEFAULT_HOME

banner_app = typer.Typer(help="What people are told on all pages, or about one subject.", no_args_is_help=True)

SubjectOption = Annotated[
    str | None,
    typer.Option(
        "--subject", metavar="CODE", help="Only about this subject. Default: for everybody.", show_default=False
    ),
]


@banner_app.command("set")
def banner_set(
    pt: Annotated[
        str, typer.Option("--pt", metavar="TEXT", help="In Portuguese, at most 500 characters.", show_default=False)
    ],
    en: Annotated[str, typer.Option("--en", metavar="TEXT", help="The same in English.", show_default=False)],
    subject: SubjectOption = None,
    until: Annotated[
        str | None,
        typer.Option(
            "--until",
            metavar="TIME",
            help='When it ends by itself, by the clock in Lisbon: "2026-12-24 18:00". Default: when it is cleared.',
            show_default=False,
        ),
    ] = None,
    home: HomeOption = DEFAULT_HOME,
    reason: ReasonOption = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Tell people something. It replaces the banner that is there for everybody, or for the subject.

    All pages show it within ten seconds, and after a restart. It is plain text.

    For example:

    postigo banner set --pt "Manutenção hoje às 22:00." --en "Maintenance today at 22:00."

    postigo banner set --subject FAM-01 --until "2026-12-24 18:00" --pt … --en … --yes --reason "Order 12"
    """
    from deploy.cli import banner as command
    from deploy.cli.invocation import Invocation

    command.set_new(Invocation(home, reason, do=yes, as_json=as_json), pt, en, subject, until)


@banner_app.command("list")
def banner_list(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """List all banners, and when each ends. Ended ones are listed until they are replaced or cleared."""
    from deploy.cli import banner as command
    from deploy.cli.invocation import Invocation

    command.list_all(Invocation(home, as_json=as_json))


@banner_app.command("clear")
def banner_clear(
    subject: SubjectOption = None,
    home: HomeOption = DEFAULT_HOME,
    reason: ReasonOption = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """End the banner for everybody, or that of the subject. Pages stop showing it within ten seconds.

    For example:

    postigo banner clear --yes --reason "The maintenance is over"

    postigo banner clear --subject FAM-01 --yes --reason "Order 13"
    """
    from deploy.cli import banner as command
    from deploy.cli.invocation import Invocation

    command.clear(Invocation(home, reason, do=yes, as_json=as_json), subject)
