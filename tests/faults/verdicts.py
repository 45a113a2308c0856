"""Clauses and verdicts: each clause is one promise, and knows the harm of breaking it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tests.faults.history import History


class Harm(StrEnum):
    """What it means for a person when a clause does not hold."""

    LOST = "lost"
    DOUBLED = "doubled"
    REORDERED = "reordered"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Offence:
    """One breach; `key` is the request it is about, if it is about one."""

    what: str
    key: str | None = None


Finds = Callable[[History], Iterator[Offence]]


@dataclass(frozen=True, slots=True)
class Clause:
    """A promise by name; `finds` yields every breach of it in a history."""

    name: str
    harm: Harm
    finds: Finds

    def __call__(self, history: History) -> list[str]:
        """The breaches in words."""
        return [offence.what for offence in self.finds(history)]


@dataclass(frozen=True, slots=True)
class Verdict:
    clause: Clause
    offences: Sequence[Offence]

    @property
    def held(self) -> bool:
        return not self.offences

    def __str__(self) -> str:
        ending = "held" if self.held else f"BROKEN ({self.clause.harm}), {len(self.offences)} times"
        return f"{self.clause.name}: {ending}"


def clause(harm: Harm) -> Callable[[Finds], Clause]:
    """Make a clause of a function whose name is the promise."""

    def named(finds: Finds) -> Clause:
        return Clause(finds.__name__.replace("_", " "), harm, finds)

    return named


def judge(history: History, clauses: Sequence[Clause]) -> list[Verdict]:
    return [Verdict(each, tuple(each.finds(history))) for each in clauses]
