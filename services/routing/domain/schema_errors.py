"""What is wrong with a command that breaks its schema, in a sentence. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, get_args

from pydantic import BaseModel

from services.common.contracts import Event
from services.common.contracts.asked import MediaType
from services.common.contracts.commands import DecidedOutcome, MeansOfAppeal, RequestedItem
from services.common.domain.poison import REPEATED, UNKNOWN_FIELD

_RULES: Final[Mapping[str, str]] = {
    "missing": "is missing",
    "string_too_long": "is too long",
    "string_too_short": "is empty",
    "string_pattern_mismatch": "is blank",
    "postigo": "is blank",
    "string_type": "is not text",
    "too_short": "is empty",
    "too_long": "has too many elements",
    "tuple_type": "is not a list",
    "model_type": "is not an object",
    "literal_error": "is none of the allowed values",
    "required_by_outcome": "is missing: this outcome requires it",
    "excluded_by_outcome": "is not allowed: `informed` is no decision. Leave it out, or name another outcome",
    "extra_forbidden": "is no field of this command",
    "repeated": "occurs more than once",
    "date_type": "is not a date",
    "date_parsing": "is not a date",
    "date_from_datetime_parsing": "is not a date",
    "date_from_datetime_inexact": "is not a date",
    "value_error": "has a character that cannot be stored (NUL, or half of a surrogate pair)",
    "uuid_parsing": "is not a UUID",
    "uuid_type": "is not a UUID",
    "int_parsing": "is not a whole number",
    "int_type": "is not a whole number",
    "int_from_float": "is not a whole number",
    "greater_than_equal": "is too small",
}
"""Sentences for the rules of the commands' schemas."""

_ALLOWED: Final[Mapping[str, Sequence[str]]] = {
    "outcome": get_args(DecidedOutcome),
    "formats": get_args(MediaType),
}
"""The values that a field may have, by its name."""

_OBJECTS: Final[Mapping[str, type[BaseModel]]] = {"items": RequestedItem, "appeal": MeansOfAppeal}
"""The objects within commands, by the field that has them."""

UNEXPLAINED: Final = "The data breaks the schema of the command."
"""For a rule without a sentence."""

_NO_OBJECT: Final = "The value is JSON, but no object: an object with the fields of the command is expected."

_UNNAMED: Final = "A field, whose name is not repeated here because it may be personal data,"

_CODES: Final = ("/to",)
_RULES_OF_CODES: Final[Mapping[str, str]] = {"string_pattern_mismatch": "is not a code"}
"""Codes have a pattern of their own; that of a text only excludes blanks."""


def schema_detail(pointer: str, rule: str, command: type[Event] | None) -> str:
    """What is wrong at `pointer`. Of an unknown field also which ones the object has in which it stands.

    `command`: None for an unknown type.
    """
    problem = _RULES_OF_CODES.get(rule) if pointer in _CODES else None
    problem = problem or _RULES.get(rule)
    if not problem:
        return UNEXPLAINED
    if rule == UNKNOWN_FIELD and command is not None:
        field = f"`{pointer}`" if _names_a_field(pointer, command) else _UNNAMED
        return f"{field} {problem}. Its fields are {_in_words(_fields_beside(pointer, command))}."
    if rule == "literal_error":
        problem += f": {_in_words(_values_at(pointer))}"
    if not pointer:
        return f"{_UNNAMED} {problem}." if rule == REPEATED else _NO_OBJECT
    return f"`{pointer}` {problem}."


def _names_a_field(pointer: str, command: type[Event]) -> bool:
    """Whether `pointer` ends with the unknown field, and not with the object in which it stands."""
    last = pointer.rpartition("/")[2]
    return last != "" and not last.isdigit() and pointer[1:] not in command.model_fields


def _values_at(pointer: str) -> Sequence[str]:
    """The values of the field at `pointer`, or of the elements of the list that has it."""
    return next(values for name, values in _ALLOWED.items() if f"/{name}" in pointer)


def _fields_beside(pointer: str, command: type[Event]) -> Sequence[str]:
    """The fields of the object in which the unknown one stands. If its name may not be repeated, `pointer` names that object."""
    inner = next(
        (
            model
            for field, model in _OBJECTS.items()
            if field in command.model_fields and f"{pointer}/".startswith(f"/{field}/")
        ),
        command,
    )
    return tuple(inner.model_fields)


def _in_words(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
