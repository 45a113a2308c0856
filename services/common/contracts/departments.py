"""`departments.<code>.inbox.v1` and `.rejections.v1`: what routing says to departments, which answer with `commands`.

`docs/departments.md` explains both to their engineers.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from services.common.contracts import topics
from services.common.contracts.asked import AskedItem
from services.common.contracts.base import Code, Fact, Prose, PublishedEvent, Text, Value
from services.common.contracts.intake import Answer, LinkedRequest
from services.common.contracts.lifecycle import State
from services.common.domain.identifiers import derived_text, text_of
from services.common.legal_clock import Deadline

MAX_MESSAGES: Final = 8
"""Maximum messages in an inbox event. The oldest of them are left out if the event would be too large."""

MAX_FILES: Final = 100
"""Maximum files in an inbox event."""


OFTEN: Final = 2
"""Transfers of one request from which on screening is told."""


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

    `deadline` says how `due_on` was counted, and `overdue` that it passed without a decision. `asked` are all documents that
    were asked. `deliver_until`, `hearing_until` and `reply_until` are the last days on which the person may deliver them,
    answer a hearing, and come back on the answer. `hops` counts the transfers so far. `place` is the person's coarse place of
    residence, `flags` what else the rules know about the account, and `linked` an earlier request of theirs. `answers` are what
    they answered to the questions of the catalogue. `restricted`: a report that nobody else may read.
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
    deadline: Deadline | None = None
    asked: tuple[AskedItem, ...] = ()
    deliver_until: date | None = None
    hearing_until: date | None = None
    reply_until: date | None = None
    overdue: bool = False
    hops: int = 0
    place: Code | None = None
    flags: tuple[Code, ...] = ()
    linked: LinkedRequest | None = None
    answers: tuple[Answer, ...] = ()
    restricted: bool = False

    @property
    def topic(self) -> str:
        return topics.inbox(self.department)

    @property
    def sequence(self) -> int:
        return self.number


class AssignmentCreated(Assignment, type="assignment.created"):
    """The department has a request that it did not have: a new one, one transferred to it, or a closed one that was reopened."""


class AssignmentUpdated(Assignment, type="assignment.updated"):
    """Something about the assignment changed: the person's message, a file's check, or the state of the request."""


class AssignmentWithdrawn(Assignment, type="assignment.withdrawn"):
    """The person took the request back: nothing more is to be done for it. `assignment.closed` follows."""


class AssignmentClosed(Assignment, type="assignment.closed"):
    """The request is concluded, withdrawn or rejected, as `state` says, or the department has it no longer.

    Nothing follows about this assignment, unless the request is reopened or comes back: then `assignment.created` does.
    """

    transferred_to: Code | None = None
    """The department that has the request now."""


class AssignmentReminder(Assignment, type="assignment.reminder"):
    """The legal term ends in `working_days_left` working days, or has passed (0)."""

    working_days_left: int


class TransferredOften(Fact, type="assignment.transferred-often", families=("departments.*.inbox.v1",)):
    """An alarm to screening (`department`): the request was transferred `hops` times, and `held_by` has it now. `restricted`: nobody
    else may learn of it.
    """

    department: Code
    hops: int
    held_by: Code
    subject: Code
    reason: Code
    restricted: bool = False

    @property
    def topic(self) -> str:
        return topics.inbox(self.department)


class CommandRejected(PublishedEvent, type="command.rejected", families=("departments.*.rejections.v1",)):
    """A command that had no effect, and why. `request_id` is the key of the command; no `reference`: there is no such request.

    `command_topic`, `command_partition` and `command_offset` find its record.

    `code` is one of the list in `docs/departments.md`; an unknown one means that somebody must look at it. `detail` is a
    sentence for people; `pointer` the JSON pointer of the wrong field and `header` the wrong header, where there is one.
    `catch_up_to`: the `as_of` that the department must have seen to decide.
    """

    request_id: UUID
    reference: str | None = None
    occurred_at: datetime
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

    @property
    def key(self) -> str:
        return text_of(self.request_id)

    @property
    def subject_reference(self) -> str | None:
        return self.reference


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
