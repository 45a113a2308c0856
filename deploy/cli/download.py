"""`postigo download`."""

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deploy.local import maven, table
from deploy.local.tier import EMBEDDED


def run() -> None:
    """Raises StackError."""
    console = Console(highlight=False)
    engines = [name for name, engine in table.TIERS[EMBEDDED].items() if engine.in_java]
    lacking = len(maven.missing(engines))
    if lacking and console.is_terminal:
        with _bar(console) as progress:
            task = progress.add_task("jars", total=lacking, size="")
            fetched = maven.download(
                engines, lambda done: progress.update(task, completed=done.jars, size=f"{done.size / 1e6:.1f} MB")
            )
    else:
        if lacking:
            console.print(f"Fetching {lacking} jars…")
        fetched = maven.download(engines)
    console.print(f"{fetched} jars fetched; all of {', '.join(engines)} are here, and their checksums are right.")


def _bar(console: Console) -> Progress:
    size = TextColumn("{task.fields[size]}")
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), size, TimeElapsedColumn(), console=console
    )
