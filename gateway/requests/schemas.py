"""Request and response bodies of `/v1/requests`."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from services.common.catalogue import Language, catalogue
from services.common.contracts.base import Code, Prose
from services.common.contracts.internal import DocumentIds
from services.common.contracts.lifecycle import State
from services.common.http.field_errors import refuse
from services.common.text import code
from services.common.text.validators import cleaned


def _typed_code(text: str) -> str:
    return code(text).upper()


TypedCode = Annotated[Code, cleaned(_typed_code)]
Attachments = Annotated[DocumentIds, Field(description="Ids of uploaded files. A file belongs to one request.")]


class RequestBody(BaseModel):
    """A request body. Unknown fields are rejected."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class NewRequest(RequestBody):
    """A new request: subject, reason, and a description in the person's own words."""

    subject: Annotated[TypedCode, Field(description="From the catalogue.", examples=["FAM-01"])]
    reason: Annotated[TypedCode, Field(description="One of the subject's reasons.", examples=["INF"])]
    description: Annotated[Prose, Field(description="Plain text, at most 4 000 characters.")]
    documents: Attachments = ()
    language: Annotated[
        Language | None,
        Field(description="The language of its notices. By default that of `Accept-Language`, else the account's."),
    ] = None

    # The catalogue's rules are rules of fields, so that their errors are reported together with those of other fields.
    @field_validator("subject")
    @classmethod
    def _known_subject(cls, subject: str) -> str:
        if catalogue().subject(subject) is None:
            raise refuse("unknown_subject")
        return subject

    @field_validator("reason")
    @classmethod
    def _reason_of_subject(cls, reason: str, info: ValidationInfo) -> str:
        subject = catalogue().subject(info.data.get("subject", ""))
        if reason not in (catalogue().reasons if subject is None else subject.reasons):
            raise refuse("unknown_reason")
        return reason


class NewMessage(RequestBody):
    """A message about the person's own request: text, files, or both."""

    text: Annotated[Prose | None, Field(description="Plain text, at most 4 000 characters.")] = None
    documents: Attachments = ()

    @model_validator(mode="after")
    def _require_content(self) -> Self:
        if self.text is None and not self.documents:
            raise refuse("nothing_said")
        return self


class NewWithdrawal(RequestBody):
    """No fields: the body is `{}` or missing."""


class SubmissionResponse(BaseModel):
    """`receipt` proves the submission. Sent as `Postigo-Receipt`, it lets any replica find the request at once."""

    reference: str = Field(examples=["PO-7K3QX-9M2TA-4"])
    request_id: UUID
    state: State
    receipt: str


class ActResponse(BaseModel):
    """With `?after=` and this `act_id`, a read waits briefly for the outcome of the act."""

    reference: str = Field(examples=["PO-7K3QX-9M2TA-4"])
    act_id: UUID


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


class ActOutcome(BaseModel):
    """The outcome of the act `after`: `pending` until it is applied or refused.

    `because` is the code of a refusal: `not-allowed` in the state of the request, `closed` for a message to a request that is
    closed, or `too-many-acts`. `because_text` is the same for people.
    """

    act_id: UUID
    outcome: Literal["pending", "applied", "refused"]
    because: str | None = None
    because_text: str | None = None


class RequestResponse(RequestSummary):
    """`description` and `documents` are missing for a moment after the submission."""

    act: ActOutcome | None = None
    description: str | None = None
    documents: tuple[UUID, ...] = ()
    entered_on: date | None = None
    due_on: date | None = None


class RequestPage(BaseModel):
    """`next` is the `cursor` of the next page; it is missing on the last page."""

    items: list[RequestSummary]
    next: str | None = None


class TimelineEntry(BaseModel):
    """`seq` numbers the facts of the request; a notice has none. `act_id` is set for your own acts.

    `because` is the code of a refusal, or of a notice that was not sent. `because_text` is the same for people.
    """

    seq: int | None = None
    type: str
    title: str
    at: datetime
    state: State | None = None
    state_name: str | None = None
    department: str | None = None
    department_name: str | None = None
    text: str | None = None
    document_id: UUID | None = None
    document_name: str | None = None
    documents: tuple[UUID, ...] | None = None
    act_id: str | None = None
    because: str | None = None
    because_text: str | None = None
    channel: str | None = None


class Timeline(BaseModel):
    reference: str
    entries: list[TimelineEntry]


class ReceiptResponse(BaseModel):
    """`content` is the SHA-256, in hexadecimal, of the canonical JSON of the submitted body, if it is known."""

    reference: str
    request_id: UUID
    filed_at: datetime
    subject: str | None = None
    subject_name: str | None = None
    reason: str | None = None
    reason_name: str | None = None
    content: str | None = None
    receipt: str
