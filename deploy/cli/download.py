"""`postigo download`."""

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deploy.local import maven, table
from deploy.local.tier import EMBEDDED


def run() -> None:
    """Raises StackError."""
    console = Console(highlight=False)
    engines = [name for name, engine in table.TIERS[EMBEDDED].items() if engine.in_java]
    missing = len(maven.missing(engines))
    if missing and console.is_terminal:
        with _bar(console) as progress:
            task = progress.add_task("jars", total=missing, size="")
            fetched = maven.download(
                engines, lambda done: progress.update(task, completed=done.jars, size=f"{done.size / 1e6:.1f} MB")
            )
    else:
        if missing:
            console.print(f"Fetching {missing} jars…")
        fetched = maven.download(engines)
    console.print(f"{fetched} jars fetched; all jars of {', '.join(engines)} are present, and their checksums match.")


def _bar(console: Console) -> Progress:
    size = TextColumn("{task.fields[size]}")
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), size, TimeElapsedColumn(), console=console
    )
