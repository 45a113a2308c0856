"""The state of an assignment. Pure."""

from datetime import date
from typing import Any, Final
from uuid import UUID

from pydantic import Field

from services.common.contracts.asked import AskedItem
from services.common.contracts.base import Value
from services.common.contracts.intake import Answer, LinkedRequest
from services.common.legal_clock import Deadline
from services.routing.messages import File, Message, State

ENDED: Final = frozenset({State.CONCLUDED, State.WITHDRAWN, State.REJECTED})
"""States in which nothing more is to be done for an assignment."""


class Choice(Value):
    """A department, and the rule that chose it."""

    department: str
    rule: str
    rules_version: str


class Assignment(Value):
    """The assignment of a request to a department.

    `number` counts the inbox events of the request; `as_of` is the last lifecycle `seq` they include. `messages` are the
    latest ones, after `earlier_messages` others. A closed assignment gets no more inbox events, until it is reopened.

    `set_by` is the `seq` of the fact that last set a field, for fields that few facts have.
    """

    request_id: UUID
    reference: str
    assignment_id: UUID
    epoch: int
    number: int
    as_of: int
    choice: Choice
    state: State | None = None
    subject: str
    reason: str
    language: str | None = None
    description: str
    documents: tuple[UUID, ...]
    entered_on: date
    due_on: date
    messages: tuple[Message, ...] = ()
    earlier_messages: int = 0
    files: tuple[File, ...] = ()
    closed: bool = False
    deadline: Deadline | None = None
    asked: tuple[AskedItem, ...] = ()
    deliver_until: date | None = None
    hearing_until: date | None = None
    reply_until: date | None = None
    overdue: bool = False
    hops: int = 0
    place: str | None = None
    flags: tuple[str, ...] = ()
    linked: LinkedRequest | None = None
    answers: tuple[Answer, ...] = ()
    restricted: bool = False
    set_by: dict[str, int] = Field(default_factory=dict)


def identity(assignment: Assignment) -> dict[str, Any]:
    """The fields that name an assignment in every event about it."""
    return {
        "request_id": assignment.request_id,
        "reference": assignment.reference,
        "assignment_id": assignment.assignment_id,
        "department": assignment.choice.department,
        "epoch": assignment.epoch,
    }
