"""Filters for dead letters: terms such as `group=intake` or `reason=bug:*`, of which all must match."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from deploy.operator.dead_letters import DeadLetter
from deploy.operator.errors import OperatorError
from services.common.domain.identifiers import parse_reference

FIELDS: Final[Mapping[str, Callable[[DeadLetter], str]]] = {
    "group": lambda letter: letter.group,
    "topic": lambda letter: letter.position.topic,
    "reason": lambda letter: letter.reason,
    "reference": lambda letter: letter.reference or "",
    "letter": lambda letter: letter.id,
}

HIDDEN: Final = frozenset({"reference"})
"""Fields that identify a person's request. Their values are not recorded on the audit topic."""


@dataclass(frozen=True, slots=True)
class LetterFilter:
    """Pairs of field and pattern; `*` in a pattern stands for any text."""

    terms: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return " ".join(f"{field}={'?' if field in HIDDEN else pattern}" for field, pattern in self.terms)

    def matches(self, letter: DeadLetter) -> bool:
        return all(fnmatchcase(FIELDS[field](letter), pattern) for field, pattern in self.terms)

    def may_match_group(self, group: str) -> bool:
        """Whether dead letters of `group` can match. Only terms about the group count.

        All topics of the group are needed: a document may wait for records of several topics.
        """
        return all(fnmatchcase(group, pattern) for field, pattern in self.terms if field == "group")


def parse_filter(terms: Sequence[str]) -> LetterFilter:
    """The filter of terms as a person types them. Raises OperatorError."""
    return LetterFilter(tuple(_parse_term(each) for each in terms))


def _parse_term(term: str) -> tuple[str, str]:
    field, equals, pattern = term.partition("=")
    if not equals or field not in FIELDS or not pattern:
        raise OperatorError(
            f"'{term}' is not a filter: write FIELD=PATTERN, with one of {', '.join(FIELDS)} and '*' for any text."
        )
    if field == "reference" and "*" not in pattern:
        pattern = parse_reference(pattern) or pattern
    return field, pattern
