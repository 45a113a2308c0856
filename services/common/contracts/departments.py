"""`departments.<code>.*`: the door of a department. Inbox and rejections are said by routing, the outbox by it.

The topic is the identity: whoever may write `departments.pf.outbox.v1` is department `pf`.
"""

from datetime import date, datetime
from typing import Final
from uuid import UUID

from pydantic import Field

from services.common.contracts import topics
from services.common.contracts.base import Code, Event, Fact, Prose, Value

MAX_MESSAGES: Final = 8
"""Messages in an inbox event: with as many of the longest it still fits the size of an event."""


class Message(Value):
    """What the person added to the request. `seq` is that of the lifecycle fact: above `seen`, it is new."""

    seq: int
    at: datetime
    text: Prose | None = None
    documents: tuple[UUID, ...] = ()


class Assignment(Fact, families=("departments.*.inbox.v1",)):
    """The whole assignment, in every inbox event: what is asked, until when, and no identity.

    `number` is the inbox event's place for this request; `as_of` the last lifecycle `seq` it includes. `documents` are
    the files named at filing; `messages` what the person added since, the latest eight, in order.
    """

    assignment_id: UUID
    department: Code
    epoch: int
    number: int
    as_of: int
    subject: Code
    reason: Code
    description: Prose
    documents: tuple[UUID, ...]
    entered_on: date
    due_on: date
    messages: tuple[Message, ...] = ()

    @property
    def topic(self) -> str:
        return topics.inbox(self.department)

    @property
    def sequence(self) -> int:
        return self.number


class AssignmentCreated(Assignment, type="assignment.created"):
    """The department has a new request."""


class AssignmentUpdated(Assignment, type="assignment.updated"):
    """Something the department should look at arrived: the person's message or an accepted file."""


class AssignmentWithdrawn(Assignment, type="assignment.withdrawn"):
    """The person took the request back: nothing more is to be done for it."""


class Command(Event, families=("departments.*.outbox.v1",)):
    """`seen` is the `as_of` of the last inbox event the department handled for this assignment.

    The record's key names the request; nothing else about it is asked of the department.
    """

    assignment_id: UUID
    epoch: int = Field(ge=1)
    seen: int = Field(ge=0)


class Acknowledge(Command, type="assignment.acknowledge"):
    """The department has the request and looks into it."""


class Answer(Command, type="assignment.answer"):
    """An answer the person may come back on for ten working days."""

    text: Prose


class Resolve(Command, type="assignment.resolve"):
    """An answer that closes the request."""

    text: Prose


class Reject(Command, type="assignment.reject"):
    """The request cannot be understood, or its author cannot be identified."""

    text: Prose


class CommandRejected(Fact, type="command.rejected", families=("departments.*.rejections.v1",)):
    """A command that had no effect, and why. `topic`, `partition`, `offset` (of `command`) find the record.

    `code`: `unknown-assignment`, `wrong-department`, `old-epoch`, `not-seen-yet` (`seen` lies above
    what the inbox has said), `id-reused`, `stale`, `not-allowed`, `too-many-commands` (500 about one
    request in 35 days are read).
    """

    department: Code
    command_id: str
    code: Code
    command_topic: str
    command_partition: int
    command_offset: int
    catch_up_to: int | None = None

    @property
    def topic(self) -> str:
        return topics.rejections(self.department)
