"""`departments.<code>.outbox.v1`: the commands of departments.

The topic is the identity: whoever may write `departments.pf.outbox.v1` is department `pf`.
"""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from services.common.contracts.asked import MAX_ITEMS, NewItem
from services.common.contracts.base import Code, Event, Prose
from services.common.contracts.decisions import CONTESTABLE, DECIDING, Appeal, Outcome


class Command(Event, families=("departments.*.outbox.v1",)):
    """`seen` is the `as_of` of the last inbox event the department handled for this assignment.

    The record's key is the request id. No other field about the request is needed.
    """

    assignment_id: UUID
    epoch: int = Field(ge=1, strict=True)
    seen: int = Field(ge=1, strict=True)


class Acknowledge(Command, type="assignment.acknowledge"):
    """The department has the request and looks into it."""


class Answer(Command, type="assignment.answer"):
    """An answer. The person may reply to it for ten working days."""

    text: Prose


class Resolve(Command, type="assignment.resolve"):
    """An answer that concludes the request. The person may come back on it for ten working days.

    An outcome that decides needs its grounds; one that refuses, wholly or in part, also the means of appeal.
    """

    text: Prose
    outcome: Outcome = Outcome.INFORMED
    grounds: Annotated[Prose | None, Field(validate_default=True)] = None
    appeal: Annotated[Appeal | None, Field(validate_default=True)] = None

    @field_validator("outcome")
    @classmethod
    def _known_outcome(cls, outcome: Outcome) -> Outcome:
        if outcome is Outcome.UNKNOWN:
            raise PydanticCustomError("unknown_outcome", "unknown outcome")
        return outcome

    # Rules of fields, not of the model: the rejection then points to the field.
    @field_validator("grounds", "appeal")
    @classmethod
    def _said_where_needed(cls, value: object, info: ValidationInfo) -> object:
        needed = DECIDING if info.field_name == "grounds" else CONTESTABLE
        if value is None and info.data.get("outcome") in needed:
            raise PydanticCustomError("required_by_outcome", "the outcome requires this field")
        return value


class RequestInformation(Command, type="assignment.request-information"):
    """Documents that the person must deliver, due in ten working days. The legal term is suspended until the last one."""

    items: tuple[NewItem, ...] = Field(min_length=1, max_length=MAX_ITEMS)
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
