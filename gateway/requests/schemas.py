"""Request and response bodies of `/v1/requests`."""

import unicodedata
from datetime import date, datetime
from typing import Annotated, Final, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from services.common.catalogue import Language
from services.common.contracts.base import Code, Prose
from services.common.contracts.internal import DocumentIds
from services.common.contracts.lifecycle import State
from services.common.http.field_errors import refuse

_UNSEEN: Final = frozenset({"Cc", "Cf", "Mn", "Zl", "Zp", "Zs"})
_BLANK: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Categories of characters, and single letters and symbols, that leave nothing on a page by themselves."""


def _visible(text: str) -> str:
    """Refuse text that leaves nothing on a page."""
    if all(unicodedata.category(character) in _UNSEEN or character in _BLANK for character in text):
        raise refuse("blank")
    return text


Visible = Annotated[Prose, AfterValidator(_visible)]


class RequestBody(BaseModel):
    """A body as people send it: unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class NewRequest(RequestBody):
    """A request as a person files it: what about, why, and in their own words."""

    subject: Annotated[Code, Field(description="From the catalogue.", examples=["FAM-01"])]
    reason: Annotated[Code, Field(description="One of the subject's reasons.", examples=["INF"])]
    description: Annotated[Visible, Field(description="Plain words, at most 4 000 characters.")]
    documents: Annotated[DocumentIds, Field(description="Ids of files sent before, each used in one request.")] = ()
    language: Annotated[Language | None, Field(description="The language of the answer; the account's by default.")] = (
        None
    )


class NewMessage(RequestBody):
    """What a person adds to a request of theirs: words, files, or both."""

    text: Annotated[Visible | None, Field(description="Plain words, at most 4 000 characters.")] = None
    documents: Annotated[DocumentIds, Field(description="Ids of files sent before, each used in one request.")] = ()

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.text is None and not self.documents:
            raise refuse("nothing_said")
        return self


class NewWithdrawal(RequestBody):
    """It has no fields: the body is `{}`, or missing."""


class SubmissionResponse(BaseModel):
    """`receipt` proves the filing; shown as `Postigo-Receipt`, any replica finds the request at once."""

    reference: str = Field(examples=["PO-7K3QX-9M2TA-4"])
    request_id: UUID
    state: State
    receipt: str


class ActResponse(BaseModel):
    """`act_id` as `?after=` of a read: it then waits a moment for what became of the act."""

    reference: str = Field(examples=["PO-7K3QX-9M2TA-4"])
    act_id: UUID


class RequestSummary(BaseModel):
    """Each code stands beside its name for people, in the language of the answer."""

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
    """What became of the act that `after` names: `pending` until it is judged. `because` says why it was refused:
    `not-allowed` where the request stands, or `too-many-acts`. `because_text` says it to people.
    """

    act_id: UUID
    outcome: Literal["pending", "applied", "refused"]
    because: str | None = None
    because_text: str | None = None


class RequestResponse(RequestSummary):
    """`description` and `documents` are absent for the moments in which only the receipt is known."""

    act: ActOutcome | None = None
    description: str | None = None
    documents: tuple[UUID, ...] = ()
    entered_on: date | None = None
    due_on: date | None = None


class RequestPage(BaseModel):
    """`next` is the `cursor` of the next page; absent on the last."""

    items: list[RequestSummary]
    next: str | None = None


class TimelineEntry(BaseModel):
    """`seq` numbers what happened to the request; a notice has none. `act_id` is that of your own act, if it was one.

    `because` says why something was refused or a notice did not leave, `because_text` the same to people.
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
    """`content` is the SHA-256 (hexadecimal) of the canonical JSON of the body that was filed, where it is known."""

    reference: str
    request_id: UUID
    filed_at: datetime
    subject: str | None = None
    subject_name: str | None = None
    reason: str | None = None
    reason_name: str | None = None
    content: str | None = None
    receipt: str
