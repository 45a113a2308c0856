"""Results of the bench: a series of rounds for each side, and their comparison with baseline and target."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median
from typing import Any, Final

MAX_SPREAD: Final = 0.15
"""Larger spread of a baseline, as a share of its median, means that the machine was measured, not the code."""


@dataclass(frozen=True, slots=True)
class Series:
    """One value for each round."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return median(self.values)

    @property
    def spread(self) -> float:
        """The difference of the largest and the smallest round, as a share of the median."""
        return (max(self.values) - min(self.values)) / self.median if self.median else 0.0

    def to_json(self) -> dict[str, Any]:
        return {
            "median": self.median,
            "min": min(self.values),
            "max": max(self.values),
            "spread": self.spread,
            "rounds": list(self.values),
        }


class Comparison(StrEnum):
    """How a figure's value is computed from its two series."""

    BASELINE_BY_OURS = "baseline / ours"
    """For costs: the work for a fixed cost, compared with the baseline's."""

    OURS_BY_BASELINE = "ours / baseline"
    DIFFERENCE = "ours - baseline"
    VALUE = "ours"


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. `target` is a minimum with `at_least`, otherwise a maximum; None for information only."""

    row: str
    what: str
    unit: str
    ours: Series
    baseline: Series | None
    comparison: Comparison
    target: float | None
    at_least: bool = False

    @property
    def value(self) -> float:
        ours, baseline = self.ours.median, self.baseline.median if self.baseline else 0.0
        match self.comparison:
            case Comparison.BASELINE_BY_OURS:
                return baseline / ours
            case Comparison.OURS_BY_BASELINE:
                return ours / baseline
            case Comparison.DIFFERENCE:
                return ours - baseline
            case Comparison.VALUE:
                return ours

    @property
    def void(self) -> bool:
        return self.baseline is not None and self.baseline.spread > MAX_SPREAD

    @property
    def met(self) -> bool | None:
        if self.target is None:
            return None
        return self.value >= self.target if self.at_least else self.value <= self.target

    def to_json(self) -> dict[str, Any]:
        return {
            "row": self.row,
            "what": self.what,
            "unit": self.unit,
            "ours": self.ours.to_json(),
            "baseline": self.baseline.to_json() if self.baseline else None,
            "reading": self.comparison.value,
            "value": self.value,
            "target": self.target,
            "at_least": self.at_least,
            "void": self.void,
            "met": self.met,
        }


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which the share `share` (0 to 1) of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
