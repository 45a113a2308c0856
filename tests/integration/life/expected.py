"""What is expected of one request: its model, and all that was said about it so far."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple, Self
from uuid import UUID

from tests.integration.life.case import Case
from tests.support.life.model import Model

UNCAUSED: Final = frozenset({"registered", "routed", "hearing-closed", "documents-received"})
"""Facts that name neither an act nor a command nor a file."""


class Fact(NamedTuple):
    """`cause`: the id of the act, the command or the file. `code`: that of a refusal."""

    kind: str
    cause: str | None = None
    code: str | None = None


class Rejection(NamedTuple):
    """A refused command. `catch_up_to`: what its department must have seen to decide."""

    command: str
    code: str
    catch_up_to: int | None = None


@dataclass
class Expected:
    """`files` are how far the check of each file is, `rating` the score that was given, and `outcome` that of the decision."""

    case: Case
    model: Model = field(default_factory=Model)
    facts: list[Fact] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    files: dict[UUID, str] = field(default_factory=dict)
    rating: int | None = None
    outcome: str | None = None

    @property
    def seq(self) -> int:
        return len(self.facts)

    def copy(self) -> Self:
        """Deep, but for what never changes."""
        return replace(
            self,
            case=self.case.copy(),
            model=deepcopy(self.model),
            facts=[*self.facts],
            rejections=[*self.rejections],
            files={**self.files},
        )

    def say(
        self, kinds: Sequence[str], cause: str | None = None, code: str | None = None, to: str | None = None
    ) -> None:
        """The facts `kinds` are published. `to`: the department that the first one transfers the request to."""
        for kind in kinds:
            self.facts.append(Fact(kind, None if kind in UNCAUSED else cause, code))
            self.case.follow(kind, self.seq, to)
        self.case.epoch = self.model.epoch
