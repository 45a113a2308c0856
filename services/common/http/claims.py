"""The one call that binds files to a request, as both its ends know it: gateway → documents, `POST /internal/claims`."""

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


class ClaimAsked(Value):
    """The body."""

    request_id: UUID
    owner: UUID
    documents: DocumentIds


class Refusal(Value):
    """Why one file cannot be claimed: the owner has no such file, or it is another request's."""

    document: UUID
    code: Literal["unknown", "used"]


class ClaimRefused(Value):
    """The body of a 422: every file that cannot be claimed. None was."""

    refused: tuple[Refusal, ...]
