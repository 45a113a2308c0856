"""`departments.<code>.*`: what departments and we say to each other. `docs/departments.md` explains it to their engineers.

Routing publishes inbox and rejections; the department publishes its outbox. The topic is the identity: whoever may write
`departments.pf.outbox.v1` is department `pf`.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from pydantic import Field

from services.common.contracts import topics
from services.common.contracts.base import Code, Event, Fact, Prose, PublishedEvent, Text, Value
from services.common.contracts.lifecycle import State
from services.common.domain.identifiers import derived_text

MAX_MESSAGES: Final = 8
"""Maximum messages in an inbox event. The oldest of them are left out if the event would be too large."""

MAX_FILES: Final = 100
"""Maximum files in an inbox event."""


class Message(Value):
    """A message that the person added. `seq` is that of its lifecycle fact: above `seen`, it is new."""

    seq: int
    at: datetime
    text: Prose | None = None
    documents: tuple[UUID, ...] = ()


class Check(StrEnum):
    """How far the check of a file is: only an accepted one may be opened."""

    CHECKING = "checking"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"

    @classmethod
    def _missing_(cls, value: object) -> "Check":
        """A newer writer may know a state that this reader does not."""
        return cls.UNKNOWN


class File(Value):
    """A file that the person named. An accepted one has a name, media type, size in bytes and SHA-256 in hexadecimal.

    `refusal` of a refused one: `not-claimed` (it does not belong to the request), `expired` (its bytes are gone).
    """

    id: UUID
    check: Check = Check.CHECKING
    name: Text | None = None
    media_type: str | None = None
    size: int | None = None
    sha256: str | None = None
    refusal: Code | None = None


class Assignment(Fact, families=("departments.*.inbox.v1",)):
    """The whole assignment, in every inbox event, and no identity: a department that keeps the latest event has the truth.

    `number` is the inbox event's place for this request; `as_of` the last lifecycle `seq` it includes; `because` the id of
    the department's command that caused it, otherwise that of another event. `state` is where the request stands,
    `language` (`pt` or `en`) the one it was filed in.

    `documents` are the files named at filing; `messages` what the person added since, the latest eight, after
    `earlier_messages` others; `files` the latest hundred files named so far.
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
    state: State | None = None
    language: str | None = None
    files: tuple[File, ...] = ()
    earlier_messages: int = 0
    because: str | None = None

    @property
    def topic(self) -> str:
        return topics.inbox(self.department)

    @property
    def sequence(self) -> int:
        return self.number


class AssignmentCreated(Assignment, type="assignment.created"):
    """The department has a new request."""


class AssignmentUpdated(Assignment, type="assignment.updated"):
    """Something about the assignment changed: the person's message, a file's check, or the state of the request."""


class AssignmentWithdrawn(Assignment, type="assignment.withdrawn"):
    """The person took the request back: nothing more is to be done for it. `assignment.closed` follows."""


class AssignmentClosed(Assignment, type="assignment.closed"):
    """The request is concluded, withdrawn or rejected, as `state` says. Nothing follows about this assignment."""


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
    """A command that had no effect, and why. `command_topic`, `command_partition` and `command_offset` find its record.

    `code` is one of the list in `docs/departments.md`; an unknown one means that somebody must look at it. `detail` is a
    sentence for people; `pointer` the JSON pointer of the wrong field and `header` the wrong header, where there is one.
    `catch_up_to`: the `as_of` that the department must have seen to decide.
    """

    department: Code
    command_id: str
    code: Code
    command_topic: str
    command_partition: int
    command_offset: int
    catch_up_to: int | None = None
    detail: str | None = None
    pointer: str | None = None
    header: str | None = None

    @property
    def topic(self) -> str:
        return topics.rejections(self.department)


class CommandUnreadable(PublishedEvent, type="command.unreadable", families=("departments.*.rejections.v1",)):
    """A record on an outbox without a usable key, id or type. `command_key` and `command_id` are repeated if they were usable.

    The other fields are those of `command.rejected`.
    """

    occurred_at: datetime
    department: Code
    code: Code
    detail: str
    header: str | None = None
    command_topic: str
    command_partition: int
    command_offset: int
    command_key: str | None = None
    command_id: str | None = None

    @property
    def topic(self) -> str:
        return topics.rejections(self.department)

    @property
    def key(self) -> str:
        """The record's key if it was a UUID, otherwise one derived from its position."""
        try:
            return str(UUID(self.command_key or ""))
        except ValueError:
            position = (self.command_topic, self.command_partition, self.command_offset)
            return derived_text("unreadable", *position)
