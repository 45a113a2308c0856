"""`python -m tests.bench`, which `make bench` calls."""

import asyncio
from pathlib import Path
from typing import Annotated, Final

import typer

from deploy.local.tier import REAL, Tier
from tests.bench import table
from tests.bench.figures import Figure
from tests.bench.rows import ROWS

MIN_ROUNDS: Final = 5
"""With fewer rounds a median is no evidence."""

_LISTED: Final = "\n\n".join(f"{name}  {row.what}" for name, row in ROWS.items())

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command(
    help=f"Measure rows of the goals beside their baselines, in turns, and compare them with their targets.\n\n{_LISTED}"
)
def bench(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[ROW]...", help="Rows to measure; all by default.")
    ] = None,
    rounds: Annotated[int, typer.Option(min=MIN_ROUNDS, help="Rounds of each side.")] = MIN_ROUNDS,
    tier: Annotated[Tier, typer.Option(help="The engines to use.")] = REAL,
    json: Annotated[Path, typer.Option(help="Output file for the figures.")] = Path(".postigo/bench.json"),
) -> None:
    chosen = names or list(ROWS)
    if unknown := [name for name in chosen if name not in ROWS]:
        raise typer.BadParameter(f"unknown row {', '.join(unknown)}; the rows are {', '.join(ROWS)}")
    figures: list[Figure] = []
    for name in chosen:
        typer.echo(f"{name}: {ROWS[name].what} …", err=True)
        figures += asyncio.run(ROWS[name].measure(tier, rounds))
    table.show(figures)
    json.parent.mkdir(parents=True, exist_ok=True)
    table.write(figures, json)


if __name__ == "__main__":
    app()
