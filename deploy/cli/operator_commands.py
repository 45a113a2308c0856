"""The operator's commands and their options. The code of a command is in its own module, imported when it runs."""

from typing import Annotated

import typer

from deploy.cli.calendar_commands import calendar_app
from deploy.cli.catalogue_commands import catalogue_app
from deploy.cli.operator_options import PANEL, HomeOption, JsonOption, ReasonOption, YesOption
from deploy.cli.receipt_commands import receipt_app
from deploy.local.hints import DEFAULT_HOME

dlq_app = typer.Typer(help="Dead letters: records that a group could not process.", no_args_is_help=True)
views_app = typer.Typer(help="The views that people read of their requests.", no_args_is_help=True)
operators_app = typer.Typer(help="The accounts of operators at the store of a server.", no_args_is_help=True)


WhereOption = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        metavar="FIELD=PATTERN",
        help="Which dead letters: group, topic, reason, reference or letter; * stands for any text. Repeatable.",
        show_default=False,
    ),
]
MaxOption = Annotated[int | None, typer.Option("--max", min=1, help="Maximal number of records.")]
RateOption = Annotated[int, typer.Option("--rate", min=1, help="Maximal number of records a second.")]


def add_commands(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.add_typer(dlq_app, name="dlq", rich_help_panel=PANEL)
    app.command(rich_help_panel=PANEL)(replay)
    app.add_typer(catalogue_app, name="catalogue", rich_help_panel=PANEL)
    app.add_typer(receipt_app, name="receipt", rich_help_panel=PANEL)
    app.add_typer(calendar_app, name="calendar", rich_help_panel=PANEL)
    app.add_typer(views_app, name="views", rich_help_panel=PANEL)
    app.add_typer(operators_app, name="operators", rich_help_panel=PANEL)


@dlq_app.command("list")
def dlq_list(
    home: HomeOption = DEFAULT_HOME,
    where: WhereOption = None,
    each: Annotated[bool, typer.Option("--each", help="One by one, with their names.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List open dead letters and blocked requests. The content of the records is not shown."""
    from deploy.cli import dlq as command
    from deploy.cli.invocation import Invocation
    from deploy.operator.letter_filter import parse_filter

    command.show_list(Invocation(home, as_json=as_json), command.Options(parse_filter(where or ())), each=each)


@dlq_app.command("show")
def dlq_show(
    letter: Annotated[str, typer.Argument(help="Its name, as 'dlq list --each' shows it.", show_default=False)],
    home: HomeOption = DEFAULT_HOME,
    bytes_too: Annotated[
        bool,
        typer.Option("--bytes", help="Also the content, which may be a person's words. That you read it is recorded."),
    ] = False,
    reason: ReasonOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one dead letter: the position of its record, why it failed, and whether a redrive can help."""
    from deploy.cli import dlq as command
    from deploy.cli.invocation import Invocation

    command.show_letter(Invocation(home, reason, as_json=as_json), letter, bytes_too=bytes_too)


@dlq_app.command("redrive")
def dlq_redrive(
    home: HomeOption = DEFAULT_HOME,
    where: WhereOption = None,
    most: MaxOption = None,
    rate: RateOption = 100,
    reason: ReasonOption = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Append dead letters to their topics again, for the group that rejected them.

    All records of a blocked request are redriven in order, whichever of them you name.

    Records older than 29 days are not, nor commands of departments that were answered.

    Nothing is processed twice, even if you stop or repeat the command.

    Exit code 1 when a record was not redriven.
    """
    from deploy.cli import dlq as command
    from deploy.cli.invocation import Invocation
    from deploy.operator.letter_filter import parse_filter

    invocation = Invocation(home, reason, do=yes, as_json=as_json)
    command.redrive(invocation, command.Options(parse_filter(where or ()), most, rate))


@dlq_app.command("discard")
def dlq_discard(
    home: HomeOption = DEFAULT_HOME,
    where: WhereOption = None,
    most: MaxOption = None,
    reason: ReasonOption = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Discard dead letters for good, with a reason. Their records are never processed.

    A department whose command is discarded is told so.

    Redrive the records behind them afterwards: then a blocked request continues.
    """
    from deploy.cli import dlq as command
    from deploy.cli.invocation import Invocation
    from deploy.operator.letter_filter import parse_filter

    invocation = Invocation(home, reason, do=yes, as_json=as_json)
    command.discard(invocation, command.Options(parse_filter(where or ()), most))


def replay(
    topic: Annotated[str, typer.Option("--topic", help="The topic to replay.", show_default=False)],
    group: Annotated[
        str, typer.Option("--group", help="The consumer group that processes it again.", show_default=False)
    ],
    begin: Annotated[
        str,
        typer.Option(
            "--from", metavar="POINT", help="A time (2026-03-02T09:15Z), or PARTITION/OFFSET.", show_default=False
        ),
    ],
    end: Annotated[
        str | None,
        typer.Option(
            "--to", metavar="POINT", help="The first record that is not replayed. Default: the end of the log."
        ),
    ] = None,
    home: HomeOption = DEFAULT_HOME,
    mail: Annotated[bool, typer.Option("--mail", help="Also send the notifications that were never sent.")] = False,
    most: MaxOption = None,
    rate: RateOption = 500,
    reason: ReasonOption = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Let one group process a range of a topic again, for example after its store was restored from a backup.

    Records keep their original time. The group ignores records that it has processed: nothing is done twice.

    Without --mail no notification is sent, neither for these records nor for the events that follow from them.
    """
    from deploy.cli import replay as command
    from deploy.cli.invocation import Invocation

    invocation = Invocation(home, reason, do=yes, as_json=as_json)
    command.run(invocation, command.Options(topic, group, begin, end, mail, most, rate))


@views_app.command("rebuild")
def views_rebuild(
    home: HomeOption = DEFAULT_HOME,
    from_start: Annotated[
        bool, typer.Option("--from-start", help="Do not continue an unfinished rebuild of the last day.")
    ] = False,
    rate: RateOption = 1000,
    reason: ReasonOption = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Publish the stored facts of all requests again. The gateway's views merge them and lose nothing.

    After an interruption, the same command continues.
    """
    from deploy.cli import views as command
    from deploy.cli.invocation import Invocation

    command.run(Invocation(home, reason, do=yes, as_json=as_json), command.Options(rate, from_start))


OperatorName = Annotated[str, typer.Argument(metavar="NAME", help="As the audit topic names them.", show_default=False)]


@operators_app.command("add")
def operators_add(name: OperatorName) -> None:
    """Create the account of an operator, or give it a new password, which is shown once.

    MONGO_URL names the store and its administrator.

    Operators then have their own account in MONGO_URL. All they do on the server
    is recorded under its name, and nothing is done without one.
    """
    from deploy.cli import grants as command

    command.add_operator(name)


@operators_app.command("remove")
def operators_remove(name: OperatorName) -> None:
    """Remove the account of an operator. MONGO_URL names the store and its administrator."""
    from deploy.cli import grants as command

    command.remove_operator(name)
