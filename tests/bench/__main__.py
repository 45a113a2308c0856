"""`python -m tests.bench`, which `make bench` calls."""

import asyncio
from pathlib import Path
from typing import Annotated, Final

import typer

from deploy.local.tier import REAL, Tier
from tests.bench import table
from tests.bench.figures import Figure
from tests.bench.rows import ROWS

LEAST: Final = 5
"""Rounds: with fewer, a median says nothing."""

_LISTED: Final = "\n\n".join(f"{name}  {row.what}" for name, row in ROWS.items())

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command(
    help=f"Measure rows of the goals beside their baselines, in turns, and say whether they are met.\n\n{_LISTED}"
)
def bench(
    names: Annotated[list[str] | None, typer.Argument(metavar="[ROW]...", help="Which rows; all without.")] = None,
    rounds: Annotated[int, typer.Option(min=LEAST, help="Rounds of each side.")] = LEAST,
    tier: Annotated[Tier, typer.Option(help="Which engines.")] = REAL,
    json: Annotated[Path, typer.Option(help="Where the figures go.")] = Path(".postigo/bench.json"),
) -> None:
    chosen = names or list(ROWS)
    if unknown := [name for name in chosen if name not in ROWS]:
        raise typer.BadParameter(f"there is no row {', '.join(unknown)}; there are {', '.join(ROWS)}")
    figures: list[Figure] = []
    for name in chosen:
        typer.echo(f"{name}: {ROWS[name].what} …", err=True)
        figures += asyncio.run(ROWS[name].measure(tier, rounds))
    table.show(figures)
    json.parent.mkdir(parents=True, exist_ok=True)
    table.write(figures, json)


if __name__ == "__main__":
    app()
