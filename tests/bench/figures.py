"""What a row of the bench found: series of rounds, and what they mean beside their baseline and their target."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median
from typing import Any, Final

STEADY: Final = 0.15
"""A baseline whose rounds differ by more than this share of their median measured the machine, not the code."""


@dataclass(frozen=True, slots=True)
class Series:
    """One value for each round."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return median(self.values)

    @property
    def spread(self) -> float:
        """Between the best and the worst round, as a share of the median."""
        return (max(self.values) - min(self.values)) / self.median if self.median else 0.0

    def to_json(self) -> dict[str, Any]:
        return {
            "median": self.median,
            "min": min(self.values),
            "max": max(self.values),
            "spread": self.spread,
            "rounds": list(self.values),
        }


class Reading(StrEnum):
    """How a figure's value comes from its two series."""

    SHARE = "baseline / ours"
    """Of a cost: as many times as much work as the baseline does for the same."""

    TIMES = "ours / baseline"
    MORE = "ours - baseline"
    PLAIN = "ours"


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. `target` is a floor for `at_least`, a ceiling otherwise; without one it is only told."""

    row: str
    what: str
    unit: str
    ours: Series
    baseline: Series | None
    reading: Reading
    target: float | None
    at_least: bool = False

    @property
    def value(self) -> float:
        ours, baseline = self.ours.median, self.baseline.median if self.baseline else 0.0
        match self.reading:
            case Reading.SHARE:
                return baseline / ours
            case Reading.TIMES:
                return ours / baseline
            case Reading.MORE:
                return ours - baseline
            case Reading.PLAIN:
                return ours

    @property
    def void(self) -> bool:
        return self.baseline is not None and self.baseline.spread > STEADY

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
            "reading": self.reading.value,
            "value": self.value,
            "target": self.target,
            "at_least": self.at_least,
            "void": self.void,
            "met": self.met,
        }


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of the sorted values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
