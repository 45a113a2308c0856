"""Which letters are meant: `group=intake`, `reason=bug:*`, as often as needed; all of them must fit."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from deploy.operator.errors import OperatorError
from deploy.operator.letters import Letter
from services.common.domain.identifiers import parse_reference

FIELDS: Final[Mapping[str, Callable[[Letter], str]]] = {
    "group": lambda letter: letter.group,
    "topic": lambda letter: letter.position.topic,
    "reason": lambda letter: letter.reason,
    "reference": lambda letter: letter.reference or "",
    "letter": lambda letter: letter.id,
}

HIDDEN: Final = frozenset({"reference"})
"""What names somebody's request stays out of the record of what was done."""


@dataclass(frozen=True, slots=True)
class LetterFilter:
    """Terms that a letter must fit: field and pattern, in which `*` stands for anything."""

    terms: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return " ".join(f"{field}={'?' if field in HIDDEN else pattern}" for field, pattern in self.terms)

    def fits(self, letter: Letter) -> bool:
        return all(fnmatchcase(FIELDS[field](letter), pattern) for field, pattern in self.terms)

    def may_be_of(self, group: str) -> bool:
        """Whether letters of `group` can be meant. Its other topics are read all the same: a document may wait for both."""
        return all(fnmatchcase(group, pattern) for field, pattern in self.terms if field == "group")


def where(typed: Sequence[str]) -> LetterFilter:
    """Raises OperatorError for what is no term."""
    return LetterFilter(tuple(_term(each) for each in typed))


def _term(typed: str) -> tuple[str, str]:
    field, mark, pattern = typed.partition("=")
    if not mark or field not in FIELDS or not pattern:
        raise OperatorError(
            f"'{typed}' does not say which letters: write FIELD=PATTERN, with one of {', '.join(FIELDS)} and '*' for anything."
        )
    if field == "reference" and "*" not in pattern:
        pattern = parse_reference(pattern) or pattern
    return field, pattern
