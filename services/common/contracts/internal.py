"""The bodies of internal calls: gateway → documents, notifications → gateway."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from services.common.contracts.base import MAX_DOCUMENTS, Value
from services.common.contracts.limits import MAX_RECIPIENTS


def _distinct(ids: tuple[UUID, ...]) -> tuple[UUID, ...]:
    if len(set(ids)) != len(ids):
        raise PydanticCustomError("postigo", "{code}", {"code": "repeated"})
    return ids


DocumentIds = Annotated[tuple[UUID, ...], Field(max_length=MAX_DOCUMENTS), AfterValidator(_distinct)]


class DocumentResponse(Value):
    """A file as its owner sees it; `size` in bytes, `sha256` in hexadecimal."""

    document_id: UUID
    name: str
    media_type: str
    size: int
    sha256: str
    state: str


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
