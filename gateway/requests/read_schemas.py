"""What reads of `/v1/requests` are answered with."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from gateway.requests.actors import Actor
from services.common.contracts.asked import ItemDelivery, ItemState
from services.common.contracts.decisions import Appeal, Outcome
from services.common.contracts.departments import Check
from services.common.contracts.intake import Answer
from services.common.contracts.lifecycle import State


class RequestSummary(BaseModel):
    """Each code has its name beside it, in the language of the response."""

    reference: str
    request_id: UUID
    state: State
    state_name: str
    subject: str | None = None
    subject_name: str | None = None
    reason: str | None = None
    reason_name: str | None = None
    department: str | None = None
    department_name: str | None = None
    filed_at: datetime
    updated_at: datetime


class FollowUp(BaseModel):
    """The body of a new request that says what was refused, and is linked to the request that is closed. Files that the closed
    request has already are not in it.
    """

    subject: str
    reason: str
    description: str
    documents: tuple[UUID, ...] = ()
    linked_to: str


class ActOutcome(BaseModel):
    """The outcome of the act `after`."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    act_id: UUID
    outcome: Literal["pending", "applied", "refused"]
    """`pending`: not decided yet, read again. `applied`: it is part of the request. `refused`: it changed nothing."""
    because: str | None = None
    """The code of a refusal: `not-allowed` in the state of the request, `closed` for a message to a request that is closed,
    `rated-already`, or `too-many-acts`.
    """
    because_text: str | None = None
    """Why it was refused, in words for people."""
    follow_up: FollowUp | None = None
    """After `closed`: ready to be sent as a new request."""


class DeadlineSummary(BaseModel):
    """`suspended_since`: the day after which the term is suspended; `due_on` is then the date without this suspension."""

    due_on: date
    suspended_since: date | None = None


class AskedDocument(BaseModel):
    """A document that the department asked for, with the files that you delivered for it. Without `formats` any accepted one will
    do.
    """

    number: int
    what: str
    why: str
    formats: tuple[str, ...] = ()
    state: ItemState
    state_name: str
    documents: tuple[UUID, ...] = ()


class Hearing(BaseModel):
    """The department intends to refuse, says why in `text`, and hears you first."""

    text: str | None = None
    answer_until: date | None = None


class Rating(BaseModel):
    score: int
    text: str | None = None


class RequestFile(BaseModel):
    """A file of the request. An accepted one has a name, a media type and a size in bytes. `because` is the code of a refusal,
    `because_text` the same for people.
    """

    document_id: UUID
    state: Check
    state_name: str
    name: str | None = None
    media_type: str | None = None
    size: int | None = None
    because: str | None = None
    because_text: str | None = None


class RequestResponse(RequestSummary):
    """`description` and `documents` are missing for a moment after the submission. `documents` and `files` are all files of the
    request, those of later messages too.

    `next_step` is a sentence that says what you must do and by when, or that there is nothing to do. `overdue`: the deadline
    passed before a decision. `deliver_until` is the last day to deliver `asked` documents, `reply_until` the last day to come
    back on the answer. `outcome`, `grounds` and `appeal` are those of the decision; the text of the answer is in the timeline.
    """

    automatic: bool = False
    """Postigo opened it for you, because a register reported something; `description` then is not yours. You can correct it with a
    message, and refuse it: withdraw it, or say so within the time to come back on its answer.
    """
    restricted: bool = False
    """Only you and the department that has it can read it, and no mail says what it is about."""
    act: ActOutcome | None = None
    description: str | None = None
    documents: tuple[UUID, ...] = ()
    files: tuple[RequestFile, ...] = ()
    linked_to: str | None = None
    answers: tuple[Answer, ...] = ()
    """What you answered to the questions of the catalogue, in the words of then."""
    entered_on: date | None = None
    due_on: date | None = None
    deadline: DeadlineSummary | None = None
    overdue: bool = False
    asked: tuple[AskedDocument, ...] = ()
    deliver_until: date | None = None
    hearing: Hearing | None = None
    reply_until: date | None = None
    outcome: Outcome | None = None
    outcome_name: str | None = None
    grounds: str | None = None
    appeal: Appeal | None = None
    rating: Rating | None = None
    next_step: str


class RequestCounts(BaseModel):
    """How many requests are in each state."""

    states: dict[str, int]
    total: int


class RequestPage(BaseModel):
    """The newest first."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    items: list[RequestSummary]
    next: str | None = None
    """The `cursor` of the next page; missing on the last page."""


class TimelineEntry(BaseModel):
    """A fact about the request, or a notice about one. `due_on` is the
    legal deadline where the fact changed it; `until` the last day to do what the fact is about. `item` and `items` number asked
    documents. `from_department` had the request before.
    """

    model_config = ConfigDict(use_attribute_docstrings=True)

    seq: int | None = None
    """Numbers the facts of the request, with gaps, because some are not shown; a notice has none."""
    type: str
    title: str
    """What happened, in words for people."""
    at: datetime
    actor: Actor
    """Who caused it."""
    actor_name: str
    state: State | None = None
    state_name: str | None = None
    department: str | None = None
    department_name: str | None = None
    from_department: str | None = None
    from_department_name: str | None = None
    text: str | None = None
    due_on: date | None = None
    until: date | None = None
    outcome: Outcome | None = None
    outcome_name: str | None = None
    grounds: str | None = None
    appeal: Appeal | None = None
    score: int | None = None
    item: int | None = None
    items: tuple[ItemDelivery, ...] | None = None
    document_id: UUID | None = None
    document_name: str | None = None
    documents: tuple[UUID, ...] | None = None
    act_id: str | None = None
    """That of your act which caused the fact."""
    because: str | None = None
    """The code of a refusal, or of a notice that was not sent."""
    because_text: str | None = None
    """Why it was refused or not sent, in words for people; missing for a code of a mail server."""
    channel: str | None = None
    """How a notice was sent: `email`."""


class Timeline(BaseModel):
    reference: str
    entries: list[TimelineEntry]


class ReceiptResponse(BaseModel):
    """What was filed, and when."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    reference: str
    request_id: UUID
    filed_at: datetime
    """When the submission was stored."""
    subject: str | None = None
    subject_name: str | None = None
    reason: str | None = None
    reason_name: str | None = None
    content: str | None = None
    """The SHA-256, in hexadecimal, of the submitted body as JSON with sorted keys, ASCII escapes and no blanks. Only a read with the
    receipt of the submission, or just after it, has it.
    """
    receipt: str
    """The same, signed by this service, which alone can verify it."""
    jws: str | None = None
    """What was filed, signed so that anybody can verify it: compact JWS (RFC 7515) with Ed25519. Missing for a moment after filing.
    Once the request is assigned it names the department and the legal date.
    """
