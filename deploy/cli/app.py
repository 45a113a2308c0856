"""The commands and their options. The code of a command is in a module of its own, imported when the command runs."""

from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

from deploy import topics as declared
from deploy.cli.arguments import folder
from deploy.local.hints import DEFAULT_HOME
from deploy.local.tier import EMBEDDED, Tier

LAST_PORT = 65_535

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
topics_app = typer.Typer(help="The topics that deploy/topics.yaml declares.", no_args_is_help=True)
app.add_typer(topics_app, name="topics")
grants_app = typer.Typer(help="The accounts that deploy/grants.yaml declares.", no_args_is_help=True)
app.add_typer(grants_app, name="grants")
engines_app = typer.Typer(help="The real engines: PostgreSQL with DocumentDB, FerretDB, MinIO.", no_args_is_help=True)
app.add_typer(engines_app, name="engines")

HomeOption = Annotated[
    Path,
    typer.Option(
        "--home", metavar="DIR", parser=folder, help="Folder of the stack: data, logs, mails, ports, secrets."
    ),
]

TierOption = Annotated[
    Tier | None,
    typer.Option(
        "--tier",
        help="embedded: the engines that come as packages; real: those of 'postigo engines install'.",
        show_default=EMBEDDED,
    ),
]


def _print_version(*, requested: bool) -> None:
    if requested:
        print(f"postigo {metadata.version('postigo')}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=lambda requested: _print_version(requested=requested),
            is_eager=True,
            help="Print the version.",
        ),
    ] = False,
) -> None:
    """Run Postigo on this machine: engines, processes, topics."""


@app.command()
def up(
    home: HomeOption = DEFAULT_HOME,
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Return once everything is ready.")] = False,
    only_engines: Annotated[
        bool, typer.Option("--only-engines", help="Kafka, Mongo, S3 and mail, without the Postigo processes.")
    ] = False,
    gateway_port: Annotated[
        int | None,
        typer.Option(min=1, max=LAST_PORT, help="Port of the gateway. Default: a free one, the same at every start."),
    ] = None,
    tier: TierOption = None,
    report_fd: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Start everything and keep it running until Ctrl-C.

    The first start downloads about 50 MB of jars. A program that dies is restarted. Data outlives a restart.
    """
    from deploy.cli import up as command

    command.run(command.Options(home, only_engines, gateway_port, tier), detach=detach, report_fd=report_fd)


@app.command()
def demo(
    home: HomeOption = DEFAULT_HOME,
    once: Annotated[bool, typer.Option("--once", help="Stop at the end, even on a terminal.")] = False,
    gateway_port: Annotated[
        int | None,
        typer.Option(min=1, max=LAST_PORT, help="Port of the gateway. Default: a free one, the same at every start."),
    ] = None,
) -> None:
    """File sixty realistic requests, watch departments answer them, and check that nothing was lost or doubled.

    Starts everything, or uses the stack that runs in the same folder. On a terminal the stack stays up for you to try.

    Exit code 1 when a check fails.
    """
    from deploy.cli import demo as command

    command.run(command.Options(home, gateway_port, once))


@app.command()
def status(
    home: HomeOption = DEFAULT_HOME,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show the running programs and whether they answer now. Exit code 3 when nothing runs."""
    from deploy.cli import status as command

    command.run(home, as_json=as_json)


@app.command()
def down(home: HomeOption = DEFAULT_HOME) -> None:
    """Stop everything in order; data is kept."""
    from deploy.cli import down as command

    command.run(home)


@app.command()
def logs(
    name: Annotated[
        str | None,
        typer.Argument(help="An engine or a process. Without a name: list the logs.", show_default=False),
    ] = None,
    home: HomeOption = DEFAULT_HOME,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Follow the log until Ctrl-C.")] = False,
    lines: Annotated[
        int, typer.Option("--lines", "-n", min=0, max=1_000_000, help="Number of last lines to show.")
    ] = 50,
) -> None:
    """Show the log of one program, or list the logs."""
    from deploy.cli import logs as command

    command.run(home, name, lines, follow=follow)


@app.command()
def download() -> None:
    """Fetch the jars of the engines and verify their checksums.

    They go to Maven's own folder (~/.m2/repository, or M2_REPO). Jars that are there already are not fetched again.
    """
    from deploy.cli import download as command

    command.run()


@engines_app.command("install")
def engines_install() -> None:
    """Build the real engines once, in about five minutes: for 'up --tier real' and 'make test-real'. Needs root.

    They go to POSTIGO_ENGINES (~/.cache/postigo/engines), about 1 GB. Finished parts are not built again, so an
    interrupted installation continues where it stopped.
    """
    from deploy.cli import engines as command

    command.run_install()


@engines_app.command("run", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
def engines_run(
    command: Annotated[list[str], typer.Argument(help="What to run, with its options.", show_default=False)],
) -> None:
    """Start new engines and run a command with their addresses in KAFKA_URL, MONGO_URL, S3_URL and S3's keys.

    When the command ends, the engines stop and their data is deleted.
    """
    from deploy.cli import engines as module

    module.run_with_engines(command)


@engines_app.command("remove")
def engines_remove() -> None:
    """Remove all real engines. Stop the stacks that use them first."""
    from deploy.cli import engines as command

    command.run_remove()


@topics_app.command()
def apply(
    kafka_url: Annotated[str, typer.Option(envvar="KAFKA_URL", metavar="HOST:PORT[,…]", help="The broker.")],
    file: Annotated[Path, typer.Option(help="The declaration.", show_default=False)] = declared.FILE,
    replicas: Annotated[int | None, typer.Option(min=1, help="Instead of the file's replication_factor.")] = None,
    min_insync: Annotated[int | None, typer.Option(min=1, help="Instead of the file's min.insync.replicas.")] = None,
) -> None:
    """Create missing topics, add partitions, correct configurations. Safe to repeat; never deletes."""
    from deploy.cli import topics as command

    command.run(kafka_url, file, replicas, min_insync)


@grants_app.command("apply")
def grants_apply() -> None:
    """Create the accounts of all services at MongoDB and the object store, or set their passwords and rights again.

    MONGO_URL, S3_URL, S3_ACCESS_KEY and S3_SECRET_KEY name the engines and their administrators.

    The password of each account is in MONGO_<ACCOUNT>_PASSWORD or S3_<ACCOUNT>_SECRET_KEY.

    Safe to repeat; no other account changes.
    """
    from deploy.cli import grants as command

    command.apply()
