"""The bodies of internal calls: gateway → documents, notifications → gateway, and operators' commands → gateway and intake."""

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from services.common.contracts.base import MAX_DOCUMENTS, Code, Text, Value
from services.common.contracts.limits import (
    MAX_ACCOUNT_LINES,
    MAX_CLOSED_DAYS,
    MAX_DAY_NAME,
    MAX_RECIPIENTS,
    MAX_TOKEN_DAYS,
)
from services.common.legal_clock import ClosedDay, Region
from services.common.text import one_line
from services.common.text.validators import cleaned


def _few(ids: Any) -> Any:
    """Pydantic would describe each of thousands of wrong items before it counted them."""
    if isinstance(ids, list | tuple) and len(ids) > MAX_DOCUMENTS:
        raise PydanticCustomError("postigo", "{code}", {"code": "too_many", "max_length": MAX_DOCUMENTS})
    return ids


def _distinct(ids: Any, validate: ValidatorFunctionWrapHandler) -> Any:
    """Names each repeated item by its index, together with those that are no ids."""
    errors: list[InitErrorDetails] = []
    try:
        ids = validate(ids)
    except ValidationError as error:
        for each in error.errors(include_url=False):
            context = each.get("ctx", {})
            errors.append(InitErrorDetails(type=each["type"], loc=each["loc"], input=each["input"], ctx=context))
    errors += [
        InitErrorDetails(type=PydanticCustomError("postigo", "{code}", {"code": "repeated"}), loc=(index,), input=None)
        for index in _repeated(ids)
    ]
    if errors:
        raise ValidationError.from_exception_data("documents", errors)
    return ids


def _repeated(ids: Any) -> list[int]:
    """The indexes of items that are equal to an earlier one, as text if the list has items that are no ids."""
    if not isinstance(ids, list | tuple):
        return []
    texts = [str(each).strip().lower() for each in ids]
    return [index for index, text in enumerate(texts) if text in texts[:index]]


FEW: Final = BeforeValidator(_few)
"""Put it last in `Annotated`: a list of files, or of what each has a file, is counted first."""

DocumentIds = Annotated[tuple[UUID, ...], Field(max_length=MAX_DOCUMENTS), WrapValidator(_distinct), FEW]


class DocumentResponse(Value):
    """A file as its owner sees it."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    document_id: UUID
    """Put it into `documents` of a request or a message."""
    name: str
    media_type: str
    """What the content is, whatever it was sent as."""
    size: int
    """In bytes."""
    sha256: str
    """In hexadecimal."""
    state: Annotated[str, Field(json_schema_extra={"enum": ["stored", "claimed", "accepted"]})]
    """`stored`: uploaded, and nothing names it; it is deleted after 24 hours. `claimed`: a draft names it, or a request or message
    that was sent, and is not registered yet. `accepted`: it is part of a registered request.
    """


class ClaimRequest(Value):
    """The body of `POST /internal/claims`: the request will name these files."""

    request_id: UUID
    owner: UUID
    documents: DocumentIds


class ClaimResponse(Value):
    """The body of a 200: every file is claimed."""

    documents: tuple[DocumentResponse, ...]


class Refusal(Value):
    """Why one file cannot be claimed: the owner has no such file, or another request has it."""

    document: UUID
    code: Literal["unknown", "used"]


class ClaimRefused(Value):
    """The body of a 422: every file that cannot be claimed. No file was."""

    refused: tuple[Refusal, ...]


class RecipientRequest(Value):
    """An account, and the purpose for which its owner is looked up."""

    account_id: UUID
    purpose: Annotated[str, StringConstraints(min_length=1, max_length=200)]


class RecipientsRequest(Value):
    """The body of `POST /internal/recipients`."""

    asked: Annotated[tuple[RecipientRequest, ...], Field(max_length=MAX_RECIPIENTS)]


class Recipient(Value):
    """The owner of an account, read from the gateway just before sending. Never stored elsewhere."""

    name: str
    email: str | None = None
    language: str = "pt"
    channels: tuple[str, ...] = ()


class RecipientsResponse(Value):
    """In the order of the request; null where there is no such account."""

    recipients: tuple[Recipient | None, ...]


class AccountRequest(Value):
    """The body of `POST /internal/sessions` and `/internal/sessions/end`: one account, by its id or by its NISS."""

    account_id: UUID | None = None
    niss: Annotated[str, StringConstraints(max_length=20)] | None = None

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if (self.account_id is None) == (self.niss is None):
            raise PydanticCustomError("postigo", "{code}", {"code": "invalid"})
        return self


class AccountLines(Value):
    """The body of `POST /internal/accounts/check` and `/internal/accounts`: lines of JSON as they were read, at most 50.

    `first` is the number of the first of them in its file.
    """

    first: int
    lines: Annotated[tuple[str, ...], Field(max_length=MAX_ACCOUNT_LINES)]


class CheckedAccounts(Value):
    """How many accounts the lines replace and delete, and a sentence for each wrong field, which never has its value."""

    replaced: int
    deleted: int
    errors: tuple[str, ...] = ()


class ImportedAccount(Value):
    """An account that was created, replaced or deleted."""

    niss: str
    account_id: UUID
    deleted: bool = False


class ImportedAccounts(Value):
    """In the order of the lines; blank lines are left out."""

    accounts: tuple[ImportedAccount, ...]


class SessionsOfAccount(Value):
    """The number of sessions that an account has, or that were ended."""

    account_id: UUID
    sessions: int


class CalendarRequest(Value):
    """The body of `POST /internal/calendar`."""

    year: Annotated[int, Field(ge=2000, le=2100)]


class PublicHoliday(Value):
    """A national holiday, or one of an autonomous region (`region`)."""

    day: date
    pt: str
    en: str
    region: Region | None = None


class CalendarResponse(Value):
    """The public holidays of the year, the closed days that were ever added, and the version of the calendar now."""

    version: str
    public_holidays: tuple[PublicHoliday, ...]
    closed_days: tuple[ClosedDay, ...]


DayName = Annotated[Text, StringConstraints(min_length=1, max_length=MAX_DAY_NAME), cleaned(one_line)]


class NewClosedDay(Value):
    """A closed day to add. `department`: None for every department."""

    id: UUID
    day: date
    pt: DayName
    en: DayName
    kind: Literal["holiday", "closed"]
    department: Code | None = None


class NewClosedDays(Value):
    """The body of `POST /internal/calendar/add`. `do`: False only says what would be added."""

    closed_days: Annotated[tuple[NewClosedDay, ...], Field(max_length=MAX_CLOSED_DAYS)]
    do: bool


class AddedClosedDays(Value):
    """The days that were added, or would be. `existing`: those that closed the others already."""

    added: tuple[ClosedDay, ...]
    existing: tuple[ClosedDay, ...]


class ClosedDayRemoval(Value):
    """The body of `POST /internal/calendar/remove`."""

    id: UUID


class RemovedClosedDay(Value):
    """The day with the time from which it does not count; None if there is no such day."""

    closed_day: ClosedDay | None


class NewDepartmentToken(Value):
    """The body of `POST /internal/department-tokens`: the SHA-256 of a token, which itself is never sent."""

    token_hash: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    department: Code
    days: Annotated[int, Field(ge=1, le=MAX_TOKEN_DAYS)]


class EndedDepartmentToken(Value):
    """The body of `POST /internal/department-tokens/end`."""

    id: Code


class DepartmentTokenInfo(Value):
    """A token as operators see it. `id` is the beginning of its hash."""

    id: str
    department: str
    created_at: datetime
    expires_at: datetime
    valid: bool


class DepartmentTokens(Value):
    """The body of the answers about tokens: by department, the oldest first."""

    tokens: tuple[DepartmentTokenInfo, ...]
