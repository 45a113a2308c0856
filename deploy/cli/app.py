"""The commands and their options. Each command's work lies in its own module, imported when it is called."""

from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

from deploy import topics as declared
from deploy.cli.typed import folder
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


def _say_version(*, asked: bool) -> None:
    if asked:
        print(f"postigo {metadata.version('postigo')}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=lambda asked: _say_version(asked=asked),
            is_eager=True,
            help="Say which version this is.",
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
        int | None, typer.Option(min=1, max=LAST_PORT, help="Port of the gateway; otherwise a free one, kept.")
    ] = None,
    tier: TierOption = None,
    report_fd: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Start everything and keep it running until Ctrl-C.

    The first start downloads about 50 MB of jars. What dies is started again. Data outlives a restart.
    """
    from deploy.cli import up as command

    command.run(command.Wish(home, only_engines, gateway_port, tier), detach=detach, report_fd=report_fd)


@app.command()
def demo(
    home: HomeOption = DEFAULT_HOME,
    once: Annotated[bool, typer.Option("--once", help="End when it is done, even on a terminal.")] = False,
    gateway_port: Annotated[
        int | None, typer.Option(min=1, max=LAST_PORT, help="Port of the gateway; otherwise a free one, kept.")
    ] = None,
) -> None:
    """File sixty realistic requests, watch departments answer them, and check that nothing was lost or doubled.

    Starts everything, or uses what runs in the same folder. On a terminal it stays up for you to try.

    Exit code 1 when a check fails.
    """
    from deploy.cli import demo as command

    command.run(command.Wish(home, gateway_port, once))


@app.command()
def status(
    home: HomeOption = DEFAULT_HOME,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show what runs, asked now. Exit code 3 when nothing does."""
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
        typer.Argument(help="An engine or a process; without one, which logs there are.", show_default=False),
    ] = None,
    home: HomeOption = DEFAULT_HOME,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, max=1_000_000, help="How many of the last lines.")] = 50,
) -> None:
    """Show the log of one program, or list the logs."""
    from deploy.cli import logs as command

    command.run(home, name, lines, follow=follow)


@app.command()
def download() -> None:
    """Fetch the jars of the engines and verify their checksums.

    They go to Maven's own folder (~/.m2/repository, or M2_REPO). What is there already is not fetched again.
    """
    from deploy.cli import download as command

    command.run()


@engines_app.command("install")
def engines_install() -> None:
    """Make the real engines, once, about five minutes: for 'up --tier real' and 'make test-real'. Needs root.

    They go to POSTIGO_ENGINES (~/.cache/postigo/engines), about 1 GB. What is made already is not made again, so a
    broken installation goes on where it was.
    """
    from deploy.cli import engines as command

    command.run_install()


@engines_app.command("run", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
def engines_run(
    command: Annotated[list[str], typer.Argument(help="What to run, with its options.", show_default=False)],
) -> None:
    """Run a command while fresh engines run, which KAFKA_URL, MONGO_URL, S3_URL and S3's keys name to it.

    They end, and their data goes, with the command.
    """
    from deploy.cli import engines as called

    called.run_on_them(command)


@engines_app.command("remove")
def engines_remove() -> None:
    """Remove them all. Stop first what runs on them."""
    from deploy.cli import engines as command

    command.run_remove()


@topics_app.command()
def apply(
    kafka_url: Annotated[str, typer.Option(envvar="KAFKA_URL", metavar="HOST:PORT[,…]", help="The broker.")],
    file: Annotated[Path, typer.Option(help="The declaration.", show_default=False)] = declared.FILE,
    replicas: Annotated[int | None, typer.Option(min=1, help="Instead of the file's replication_factor.")] = None,
    min_insync: Annotated[int | None, typer.Option(min=1, help="Instead of the file's min.insync.replicas.")] = None,
) -> None:
    """Create what lacks, add partitions, correct configurations. Safe to repeat; never deletes."""
    from deploy.cli import topics as command

    command.run(kafka_url, file, replicas, min_insync)
