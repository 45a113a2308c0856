"""The bodies that people send to `/v1/requests`, and what a submission and an act are answered with."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    field_validator,
    model_validator,
)

from services.common.catalogue import Language, catalogues
from services.common.catalogue.questions import MAX_NUMBER, MAX_QUESTIONS, MAX_TEXT, NAME
from services.common.contracts.asked import MAX_ASKED
from services.common.contracts.base import MAX_DOCUMENTS, Code, Prose, Text
from services.common.contracts.intake import Score
from services.common.contracts.internal import FEW, DocumentIds
from services.common.contracts.lifecycle import State
from services.common.domain.identifiers import parse_reference
from services.common.http.field_errors import refuse
from services.common.text import code, identifier, one_line
from services.common.text.validators import cleaned


def _typed_code(text: str) -> str:
    return code(text).upper()


def _canonical(typed: str) -> str:
    reference = parse_reference(typed)
    if reference is None:
        raise refuse("reference")
    return reference


TypedCode = Annotated[Code, cleaned(_typed_code)]


def _some(documents: tuple[UUID, ...]) -> tuple[UUID, ...]:
    if not documents:
        raise refuse("required")
    return documents


Reference = Annotated[str, AfterValidator(_canonical), cleaned(identifier)]
Attachments = Annotated[DocumentIds, Field(description="Ids of uploaded files. A file belongs to one request.")]


def _one_error(value: object, validate: ValidatorFunctionWrapHandler) -> object:
    """One error for a value of no type that an answer may have, instead of one for each type. JSON Schema calls 12.0 an integer."""
    try:
        return validate(int(value) if isinstance(value, float) and value.is_integer() else value)
    except ValidationError:
        raise refuse("wrong_answer") from None


TypedAnswer = Annotated[
    Annotated[Text, Field(strict=True, max_length=MAX_TEXT), cleaned(one_line)]
    | StrictBool
    | Annotated[StrictInt, Field(ge=-MAX_NUMBER, le=MAX_NUMBER)],
    WrapValidator(_one_error),
]


Answers = Annotated[
    dict[Annotated[str, Field(pattern=NAME)], TypedAnswer],
    Field(
        description="By the name of the question: what `questions` of the subject's reason in the catalogue asks for.",
        max_length=MAX_QUESTIONS,
        examples=[{"return_on": "2027-01-12"}],
    ),
]


class RequestBody(BaseModel):
    """A request body. Unknown fields are rejected."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @property
    def pointers(self) -> dict[UUID, str]:
        """Where the body names each file that it attaches (RFC 6901)."""
        return {}


class AttachingBody(RequestBody):
    documents: Attachments = ()

    @property
    def pointers(self) -> dict[UUID, str]:
        return {document: f"/documents/{index}" for index, document in enumerate(self.documents)}


class NewRequest(AttachingBody):
    """A new request: subject, reason, and a description in the person's own words."""

    subject: Annotated[TypedCode, Field(description="From the catalogue.", examples=["FAM-01"])]
    reason: Annotated[TypedCode, Field(description="One of the subject's reasons.", examples=["INF"])]
    description: Annotated[Prose, Field(description="Plain text, at most 4 000 characters.")]
    language: Annotated[
        Language | None,
        Field(description="The language of its notices. By default that of `Accept-Language`, else the account's."),
    ] = None
    linked_to: Annotated[
        Reference | None,
        Field(description="The reference of an earlier request of yours, which this one is about."),
    ] = None
    answers: Answers = Field(default_factory=dict)

    # The catalogue's rules are rules of fields, so that their errors are reported together with those of other fields. What any
    # version has passes: `sending_errors` judges by the version in force, after a repetition of a filed request is recognised.
    @field_validator("subject")
    @classmethod
    def _known_subject(cls, subject: str) -> str:
        if not any(each.subject(subject) for each in catalogues().versions):
            raise refuse("unknown_subject")
        return subject

    @field_validator("reason")
    @classmethod
    def _reason_of_subject(cls, reason: str, info: ValidationInfo) -> str:
        subject = info.data.get("subject", "")
        if not any(reason in each.reasons_of(subject) for each in catalogues().versions):
            raise refuse("unknown_reason")
        return reason


OptionalText = Annotated[Prose | None, Field(description="Plain text, at most 4 000 characters.")]


class NewDelivery(RequestBody):
    """Files for one of the documents that the department asked for."""

    item: Annotated[int, Field(ge=1, le=MAX_ASKED, strict=True, description="The `number` of the asked document.")]
    documents: Annotated[
        DocumentIds,
        AfterValidator(_some),
        Field(
            description="Ids of uploaded files. They need not be in the message's `documents` too.",
            json_schema_extra={"minItems": 1},
        ),
    ]


class NewMessage(AttachingBody):
    """A message about the person's own request: text, files, or both. `items` says which files are for which asked document."""

    text: OptionalText = None
    items: Annotated[tuple[NewDelivery, ...], FEW] = ()

    @field_validator("items")
    @classmethod
    def _distinct(cls, items: tuple[NewDelivery, ...], info: ValidationInfo) -> tuple[NewDelivery, ...]:
        """Each item once, and each file for one item."""
        delivered = [document for each in items for document in each.documents]
        if len(set(delivered)) < len(delivered) or len({each.item for each in items}) < len(items):
            raise refuse("repeated")
        if len({*info.data.get("documents", ()), *delivered}) > MAX_DOCUMENTS:
            raise refuse("too_many", max_length=MAX_DOCUMENTS)
        return items

    @model_validator(mode="after")
    def _require_content(self) -> Self:
        if self.text is None and not self.pointers:
            raise refuse("nothing_said")
        return self

    @property
    def pointers(self) -> dict[UUID, str]:
        """Those of files that are for an item lead there."""
        delivered = {
            document: f"/items/{number}/documents/{index}"
            for number, item in enumerate(self.items)
            for index, document in enumerate(item.documents)
        }
        return super().pointers | delivered


class NewReopening(AttachingBody):
    """Coming back on an answer: with text, files, both, or neither."""

    text: OptionalText = None


class NewRating(RequestBody):
    """How the request was handled, from 1 (bad) to 5 (good)."""

    score: Annotated[Score, Field(strict=True)]
    text: OptionalText = None


class NewWithdrawal(RequestBody):
    """No fields: the body is `{}` or missing."""


NewAct = NewMessage | NewReopening | NewRating | NewWithdrawal


class SubmissionResponse(BaseModel):
    """What a filed request is answered with."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    reference: str = Field(examples=["PO-7K3QX-9M2TA-B"])
    """By which people and programs name the request."""
    request_id: UUID
    state: State
    """Always `received`."""
    receipt: str
    """Proves the submission. Sent as `Postigo-Receipt`, it lets any server find the request at once."""


class ActResponse(BaseModel):
    """What an act is answered with: it is stored, and intake applies or refuses it a moment later."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    reference: str = Field(examples=["PO-7K3QX-9M2TA-B"])
    act_id: UUID
    """With it as `after`, a read waits briefly for the outcome of the act."""
