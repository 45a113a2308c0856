"""Clauses and verdicts: each clause is one promise, and knows the harm of breaking it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from deploy.verification.history import History


class Harm(StrEnum):
    """What it means for a person when a clause does not hold."""

    LOST = "lost"
    DOUBLED = "doubled"
    REORDERED = "reordered"
    OTHER = "other"


LASTING: Final = frozenset({Harm.DOUBLED, Harm.REORDERED})
"""Harms that no waiting takes away."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One breach; `key` is the request it is about, if it is about one."""

    what: str
    key: str | None = None


Finds = Callable[[History], Iterator[Violation]]


@dataclass(frozen=True, slots=True)
class Clause:
    """A promise by name; `finds` yields every breach of it in a history."""

    name: str
    harm: Harm
    finds: Finds

    def __call__(self, history: History) -> list[str]:
        """The breaches in words."""
        return [violation.what for violation in self.finds(history)]


@dataclass(frozen=True, slots=True)
class Verdict:
    clause: Clause
    violations: Sequence[Violation]

    @property
    def held(self) -> bool:
        return not self.violations

    def __str__(self) -> str:
        ending = "held" if self.held else f"BROKEN ({self.clause.harm}), {len(self.violations)} times"
        return f"{self.clause.name}: {ending}"


def clause(harm: Harm) -> Callable[[Finds], Clause]:
    """Make a clause of a function whose name is the promise."""

    def named(finds: Finds) -> Clause:
        return Clause(finds.__name__.replace("_", " "), harm, finds)

    return named


def judge(history: History, clauses: Iterable[Clause]) -> list[Verdict]:
    return [Verdict(each, tuple(each.finds(history))) for each in clauses]
