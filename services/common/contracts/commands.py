"""`departments.<code>.outbox.v1`: the commands of departments.

The topic is the identity: whoever may write `departments.pf.outbox.v1` is department `pf`.

Unknown fields are refused, unlike in our own events: a misspelt one would change what the command says.
"""

from datetime import date
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from services.common.contracts.asked import MAX_ITEMS, NewItem
from services.common.contracts.base import Code, Event, Prose
from services.common.contracts.decisions import CONTESTABLE, DECIDING, Appeal, Outcome

STRICT: Final = ConfigDict(extra="forbid")

DecidedOutcome = Literal[Outcome.GRANTED, Outcome.PARTLY, Outcome.REFUSED, Outcome.INFORMED]
"""The outcomes that a department may send."""


class Command(Event, families=("departments.*.outbox.v1",)):
    """`seen` is the `as_of` of the last inbox event the department handled for this assignment.

    The record's key is the request id. No other field about the request is needed.
    """

    model_config = STRICT

    assignment_id: UUID
    epoch: int = Field(ge=1, strict=True)
    seen: int = Field(ge=1, strict=True)


class Acknowledge(Command, type="assignment.acknowledge"):
    """The department has the request and looks into it."""


class Answer(Command, type="assignment.answer"):
    """An answer. The person may reply to it for ten working days."""

    text: Prose


class MeansOfAppeal(Appeal):
    """How the person may contest the decision, and the last day to do so."""

    model_config = STRICT


def _needs(outcomes: frozenset[Outcome], field: str, kind: str) -> dict[str, Any]:
    """The rule of a JSON Schema that a command with one of these outcomes has `field`, of the type `kind`."""
    named = {"properties": {"outcome": {"enum": sorted(outcomes)}}, "required": ["outcome"]}
    return {"if": named, "then": {"required": [field], "properties": {field: {"type": kind}}}}


_NEITHER: Final = {"else": {"properties": {field: {"type": "null"} for field in ("grounds", "appeal")}}}
_BY_OUTCOME: Final[list[Any]] = [
    _needs(DECIDING, "grounds", "string") | _NEITHER,
    _needs(CONTESTABLE, "appeal", "object"),
]


class Resolve(Command, type="assignment.resolve"):
    """An answer that concludes the request. The person may come back on it for ten working days.

    An outcome that decides needs its grounds; one that refuses, wholly or in part, also the means of appeal. An information has
    neither.
    """

    model_config = ConfigDict(json_schema_extra={"allOf": _BY_OUTCOME})

    text: Prose
    outcome: DecidedOutcome = Outcome.INFORMED
    grounds: Annotated[Prose | None, Field(validate_default=True)] = None
    appeal: Annotated[MeansOfAppeal | None, Field(validate_default=True)] = None

    # Rules of fields, not of the model: the rejection then points to the field.
    @field_validator("grounds", "appeal")
    @classmethod
    def _said_where_needed(cls, value: object, info: ValidationInfo) -> object:
        needed = DECIDING if info.field_name == "grounds" else CONTESTABLE
        outcome = info.data.get("outcome")
        if value is None and outcome in needed:
            raise PydanticCustomError("required_by_outcome", "the outcome requires this field")
        if value is not None and outcome is Outcome.INFORMED:
            raise PydanticCustomError("excluded_by_outcome", "the outcome excludes this field")
        return value


class RequestedItem(NewItem):
    """What is asked, why, and in which formats. No format means all that the counter accepts."""

    model_config = STRICT


class RequestInformation(Command, type="assignment.request-information"):
    """Documents that the person must deliver, due in ten working days. The legal term is suspended until the last one."""

    items: tuple[RequestedItem, ...] = Field(min_length=1, max_length=MAX_ITEMS)
    text: Prose | None = None


class Hear(Command, type="assignment.hear"):
    """The intention to refuse: the person has ten working days to answer it (CPA, art. 121)."""

    text: Prose


class Transfer(Command, type="assignment.transfer"):
    """The request belongs to the department `to`. `text` is the reason, which the person reads."""

    to: Code
    text: Prose


class Extend(Command, type="assignment.extend"):
    """More time, once: `until` is the new last day. `text` is the reason, which the person reads."""

    until: date
    text: Prose


class Reject(Command, type="assignment.reject"):
    """The request cannot be understood, or its author cannot be identified."""

    text: Prose
