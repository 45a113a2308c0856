"""The bodies of `POST /internal/claims`, which binds uploaded files to a request: gateway → documents."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field

from services.common.contracts.base import MAX_DOCUMENTS, Value
from services.common.http.field_errors import refuse


def _distinct(ids: tuple[UUID, ...]) -> tuple[UUID, ...]:
    if len(set(ids)) != len(ids):
        raise refuse("repeated")
    return ids


DocumentIds = Annotated[tuple[UUID, ...], Field(max_length=MAX_DOCUMENTS), AfterValidator(_distinct)]


class ClaimRequest(Value):
    """The body of the call: at most `MAX_DOCUMENTS` distinct files of one owner, for one request."""

    request_id: UUID
    owner: UUID
    documents: DocumentIds


class Refusal(Value):
    """Why a file cannot be claimed. `unknown`: the owner has no such file. `used`: it belongs to another request."""

    document: UUID
    code: Literal["unknown", "used"]


class ClaimRefused(Value):
    """The body of a 422: all files that cannot be claimed. No file of the call was claimed."""

    refused: tuple[Refusal, ...]
