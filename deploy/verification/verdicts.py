"""Clauses and verdicts. A clause checks one promise, and names the harm of breaking it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from deploy.verification.history import History


class Harm(StrEnum):
    """What a broken clause means for a person."""

    LOST = "lost"
    DOUBLED = "doubled"
    REORDERED = "reordered"
    OTHER = "other"


LASTING: Final = frozenset({Harm.DOUBLED, Harm.REORDERED})
"""Harms that do not disappear when the verification waits longer."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One violation in words. `key`: the id of the request, if it is about one."""

    what: str
    key: str | None = None


Finds = Callable[[History], Iterator[Violation]]


@dataclass(frozen=True, slots=True)
class Clause:
    """A promise. `finds` yields its violations in a history."""

    name: str
    harm: Harm
    finds: Finds

    def __call__(self, history: History) -> list[str]:
        """The violations in words."""
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
    """Decorator: turns a function into a clause. The function's name is the promise."""

    def named(finds: Finds) -> Clause:
        return Clause(finds.__name__.replace("_", " "), harm, finds)

    return named


def judge(history: History, clauses: Iterable[Clause]) -> list[Verdict]:
    return [Verdict(each, tuple(each.finds(history))) for each in clauses]
