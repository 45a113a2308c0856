"""The commands of an operator and their options; each one's work lies in its own module, imported when it is called."""

from pathlib import Path
from typing import Annotated

import typer

from deploy.cli.typed import folder
from deploy.local.hints import DEFAULT_HOME

PANEL = "By hand"

dlq_app = typer.Typer(help="Dead letters: what a group could not take and set aside.", no_args_is_help=True)
views_app = typer.Typer(help="What people read of their requests.", no_args_is_help=True)


def _unless_blank(text: str | None) -> str | None:
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
AsOption = Annotated[
    str | None, typer.Option("--as", metavar="NAME", help="Who does it, beside the user of this machine.")
]
ReasonOption = Annotated[
    str | None,
    typer.Option("--reason", metavar="TEXT", callback=_unless_blank, help="Why, for the record. No personal data."),
]
YesOption = Annotated[bool, typer.Option("--yes", "--apply", "-y", help="Do it; otherwise it only says what would be.")]
JsonOption = Annotated[bool, typer.Option("--json", help="For programs.")]
WhereOption = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        metavar="FIELD=PATTERN",
        help="Which letters, as often as needed: group, topic, reason, reference or letter; * stands for anything.",
        show_default=False,
    ),
]
MaxOption = Annotated[int | None, typer.Option("--max", min=1, help="How many records at most.")]
RateOption = Annotated[int, typer.Option("--rate", min=1, help="How many records a second at most.")]


def install(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.add_typer(dlq_app, name="dlq", rich_help_panel=PANEL)
    app.command(rich_help_panel=PANEL)(replay)
    app.add_typer(views_app, name="views", rich_help_panel=PANEL)


@dlq_app.command("list")
def dlq_list(
    home: HomeOption = DEFAULT_HOME,
    where: WhereOption = None,
    each: Annotated[bool, typer.Option("--each", help="Letter by letter, with their names.")] = False,
    as_json: JsonOption = False,
) -> None:
    """What still needs somebody, and which requests are on hold. Nothing of what the records hold is shown."""
    from deploy.cli import dlq as command, operating
    from deploy.operator.letter_filter import where as terms

    command.show_list(operating.Invocation(home, as_json=as_json), command.Wish(terms(where or ())), each=each)


@dlq_app.command("show")
def dlq_show(
    letter: Annotated[str, typer.Argument(help="Its name, as 'dlq list --each' says it.", show_default=False)],
    home: HomeOption = DEFAULT_HOME,
    bytes_too: Annotated[
        bool, typer.Option("--bytes", help="Also what it holds, which may be a person's words: that is recorded.")
    ] = False,
    reason: ReasonOption = None,
    name: AsOption = None,
    as_json: JsonOption = False,
) -> None:
    """One letter: where its record lay, why it was set aside, and whether it may be brought back."""
    from deploy.cli import dlq as command, operating

    command.show_letter(operating.Invocation(home, name, reason, as_json=as_json), letter, bytes_too=bytes_too)


@dlq_app.command("redrive")
def dlq_redrive(
    home: HomeOption = DEFAULT_HOME,
    where: WhereOption = None,
    most: MaxOption = None,
    rate: RateOption = 100,
    reason: ReasonOption = None,
    name: AsOption = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Bring letters back to their topics, for the group that set them aside.

    Of a request on hold everything comes back, in its order, whichever letter was named.

    What is older than 29 days does not. Killed half-way or done twice, nothing is taken twice.

    Exit code 1 when something is left.
    """
    from deploy.cli import dlq as command, operating
    from deploy.operator.letter_filter import where as terms

    invocation = operating.Invocation(home, name, reason, do=yes, as_json=as_json)
    command.redrive(invocation, command.Wish(terms(where or ()), most, rate))


@dlq_app.command("discard")
def dlq_discard(
    home: HomeOption = DEFAULT_HOME,
    where: WhereOption = None,
    most: MaxOption = None,
    reason: ReasonOption = None,
    name: AsOption = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Give letters up, for good, with a reason.

    A request on hold goes on with what waits behind the letter, once that is redriven.
    """
    from deploy.cli import dlq as command, operating
    from deploy.operator.letter_filter import where as terms

    invocation = operating.Invocation(home, name, reason, do=yes, as_json=as_json)
    command.discard(invocation, command.Wish(terms(where or ()), most))


def replay(
    topic: Annotated[str, typer.Option("--topic", help="What is read once more.", show_default=False)],
    group: Annotated[str, typer.Option("--group", help="Who reads it, and nobody else.", show_default=False)],
    begin: Annotated[
        str,
        typer.Option(
            "--from", metavar="POINT", help="A moment (2026-03-02T09:15Z), or PARTITION/OFFSET.", show_default=False
        ),
    ],
    end: Annotated[
        str | None,
        typer.Option("--to", metavar="POINT", help="The first that is not meant; otherwise the end of the log."),
    ] = None,
    home: HomeOption = DEFAULT_HOME,
    mail: Annotated[bool, typer.Option("--mail", help="Tell people of what they were not told of yet.")] = False,
    most: MaxOption = None,
    rate: RateOption = 500,
    reason: ReasonOption = None,
    name: AsOption = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Let one group read a stretch of a topic once more, as after its store was put back from a copy.

    Each record counts as of its first time. What the group has taken it knows: nothing is done twice.

    Nobody is mailed, neither for these records nor for what follows from them, unless you say --mail.
    """
    from deploy.cli import operating, replay as command

    invocation = operating.Invocation(home, name, reason, do=yes, as_json=as_json)
    command.run(invocation, command.Wish(topic, group, begin, end, mail, most, rate))


@views_app.command("rebuild")
def views_rebuild(
    home: HomeOption = DEFAULT_HOME,
    from_start: Annotated[
        bool, typer.Option("--from-start", help="Even if a rebuild of today broke off and could go on.")
    ] = False,
    rate: RateOption = 1000,
    reason: ReasonOption = None,
    name: AsOption = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Say all that intake keeps of the requests again, for the gateway's views: they merge it and never lose anything.

    Broken off, the same command goes on from there.
    """
    from deploy.cli import operating, views as command

    command.run(operating.Invocation(home, name, reason, do=yes, as_json=as_json), command.Wish(rate, from_start))
