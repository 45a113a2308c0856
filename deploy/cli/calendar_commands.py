"""The commands of `postigo calendar` and their options. Their code is in `calendar`, imported when it runs."""

from typing import Annotated

import typer

from deploy.cli.operator_options import HomeOption, JsonOption, ReasonOption, YesOption
from deploy.local.hints import DEFAULT_HOME

calendar_app = typer.Typer(help="The days that are no working days of departments.", no_args_is_help=True)


@calendar_app.command("add")
def calendar_add(
    day: Annotated[str, typer.Option("--day", metavar="YYYY-MM-DD", help="The day.", show_default=False)],
    name: Annotated[str, typer.Option("--name", metavar="TEXT", help="Its name in Portuguese.", show_default=False)],
    name_en: Annotated[
        str | None, typer.Option("--name-en", metavar="TEXT", help="In English. Default: the same.", show_default=False)
    ] = None,
    department: Annotated[
        list[str] | None,
        typer.Option("--department", metavar="CODE", help="Repeatable. Default: every one.", show_default=False),
    ] = None,
    holiday: Annotated[bool, typer.Option("--holiday", help="A municipal holiday.")] = False,
    home: HomeOption = DEFAULT_HOME,
    reason: ReasonOption = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Close departments on a day, even for half of it: the day is then no working day.

    It counts in dates that are computed from one minute later on. Dates that people were given are counted again at the next
    step of their request, or when a warning or the end is due.
    """
    from deploy.cli import calendar as command
    from deploy.cli.invocation import Invocation

    new = command.NewDay(day, name, name_en, department or (), holiday)
    command.add(Invocation(home, reason, do=yes, as_json=as_json), new)


@calendar_app.command("list")
def calendar_list(
    home: HomeOption = DEFAULT_HOME,
    department: Annotated[
        str | None, typer.Option("--department", metavar="CODE", help="Only what counts for it.", show_default=False)
    ] = None,
    year: Annotated[
        int | None, typer.Option(min=2000, max=2100, help="Default: this year.", show_default=False)
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the days of a year that are no working days, weekends aside.

    Public holidays (those of the Azores and of Madeira count for people who live there), and closed days of departments.
    """
    from deploy.cli import calendar as command
    from deploy.cli.invocation import Invocation

    command.list_days(Invocation(home, as_json=as_json), department, year)


@calendar_app.command("remove")
def calendar_remove(
    closed_day: Annotated[
        str, typer.Argument(metavar="ID", help="Its id, as 'calendar list' shows it.", show_default=False)
    ],
    home: HomeOption = DEFAULT_HOME,
    reason: ReasonOption = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Remove a closed day that was added. The day stays closed for decisions of the next minute.

    Dates that people were given are counted again at the next step of their request, or when a warning or the end is due.
    """
    from deploy.cli import calendar as command
    from deploy.cli.invocation import Invocation

    command.remove(Invocation(home, reason, do=yes, as_json=as_json), closed_day)
