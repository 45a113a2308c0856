"""`departments.<code>.*`: one department's topics. Routing writes inbox and rejections, the department outbox.

The topic is the identity: only department `pf` may write `departments.pf.outbox.v1`.
"""

from datetime import date, datetime
from typing import Final
from uuid import UUID

from pydantic import Field

from services.common.contracts import topics
from services.common.contracts.base import Code, Event, Fact, Prose, Value

MAX_MESSAGES: Final = 8
"""Maximum messages in an inbox event: this many of the longest fit the size limit of events."""


class Message(Value):
    """A message that the person added. `seq` is that of its lifecycle fact: above `seen`, it is new."""

    seq: int
    at: datetime
    text: Prose | None = None
    documents: tuple[UUID, ...] = ()


class Assignment(Fact, families=("departments.*.inbox.v1",)):
    """The whole assignment, in every inbox event: the request and its due date, no identity.

    `number` counts the request's inbox events; `as_of` is the last lifecycle `seq` they include. `documents` are the
    files of the submission; `messages` are the latest eight messages since, in order.
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
    """The person added a message, or a file was accepted: the department should read it."""


class AssignmentWithdrawn(Assignment, type="assignment.withdrawn"):
    """The person withdrew the request: nothing more is to be done for it."""


class Command(Event, families=("departments.*.outbox.v1",)):
    """`seen` is the `as_of` of the last inbox event the department handled for this assignment.

    The record's key is the request id. No other field about the request is needed.
    """

    assignment_id: UUID
    epoch: int = Field(ge=1)
    seen: int = Field(ge=0)


class Acknowledge(Command, type="assignment.acknowledge"):
    """The department has the request and looks into it."""


class Answer(Command, type="assignment.answer"):
    """An answer. The person may reply to it for ten working days."""

    text: Prose


class Resolve(Command, type="assignment.resolve"):
    """An answer that closes the request."""

    text: Prose


class Reject(Command, type="assignment.reject"):
    """The request cannot be understood, or its author cannot be identified."""

    text: Prose


class CommandRejected(Fact, type="command.rejected", families=("departments.*.rejections.v1",)):
    """A command that had no effect, and why. `command_topic`, `_partition` and `_offset` locate its record.

    `code`: `unknown-assignment`, `wrong-department`, `old-epoch`, `not-seen-yet` (`seen` is above
    the last `as_of`), `id-reused`, `stale`, `not-allowed`, `too-many-commands` (over 500 about one
    request in 35 days).
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
