"""The results as a table for people, and as JSON for programs."""

from collections.abc import Sequence
from pathlib import Path

import orjson
from rich.console import Console
from rich.table import Table

from tests.bench.figures import Comparison, Figure, Series


def show(figures: Sequence[Figure]) -> None:
    table = Table("", "what", "baseline", "ours", "value", "target", "")
    for figure in figures:
        table.add_row(
            figure.row,
            f"{figure.what}\n[dim]{figure.unit}, {figure.comparison.value}[/dim]",
            _series(figure.baseline),
            _series(figure.ours),
            _number(figure.value, figure.comparison),
            _target(figure),
            _verdict(figure),
        )
    console = Console()
    console.print(table)
    console.print(
        "Median of the rounds, below it minimum and maximum. Void: the baseline's rounds differ by more than 15 %."
    )


def write(figures: Sequence[Figure], file: Path) -> None:
    file.write_bytes(orjson.dumps([figure.to_json() for figure in figures], option=orjson.OPT_INDENT_2))


def _series(series: Series | None) -> str:
    if series is None:
        return "–"
    return f"{series.median:,.4g}\n[dim]{min(series.values):,.4g} – {max(series.values):,.4g}[/dim]"


def _number(value: float, comparison: Comparison) -> str:
    return (
        f"{value:.2f}" if comparison in (Comparison.BASELINE_BY_OURS, Comparison.OURS_BY_BASELINE) else f"{value:,.4g}"
    )


def _target(figure: Figure) -> str:
    return "" if figure.target is None else f"{'≥' if figure.at_least else '≤'} {figure.target:g}"


def _verdict(figure: Figure) -> str:
    if figure.met is None:
        return ""
    if figure.void:
        return f"[yellow]void[/yellow] ({figure.baseline.spread:.0%})" if figure.baseline else ""
    return "[green]met[/green]" if figure.met else "[red]missed[/red]"
