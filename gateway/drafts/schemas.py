"""The bodies that people send to `/v1/drafts`, and what drafts are answered with."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from gateway.drafts.content import DraftContent
from gateway.drafts.domain import Draft, State


class DraftBody(DraftContent):
    """The whole content of a draft; what is left out is empty. Unknown fields are rejected."""

    model_config = ConfigDict(extra="forbid")

    @property
    def content(self) -> DraftContent:
        """It is not validated again."""
        return DraftContent.model_construct(**dict(self))


class DraftFileResponse(BaseModel):
    """A file of the draft, as it was when it was added. `size` in bytes."""

    document_id: UUID
    name: str
    media_type: str
    size: int


class FiledAsResponse(BaseModel):
    """The request that the draft became."""

    reference: str = Field(examples=["PO-7K3QX-9M2TA-B"])
    filed_at: datetime


class DraftResponse(BaseModel):
    """A draft as its owner sees it."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    draft_id: UUID
    version: int
    """Send it as `If-Match`, in quotation marks, with the next change."""
    state: State
    """`submitting`: it is being sent, or it is not confirmed that it was. Send it again, with the same version. `filed`: it is a
    request, and is deleted after 24 hours.
    """
    created_at: datetime
    updated_at: datetime
    expires_at: datetime
    """When it is deleted, unless it is changed before."""
    content: DraftContent
    """What to send back, changed, as the next version."""
    files: tuple[DraftFileResponse, ...]
    """In the order of the content's `documents`."""
    filed_as: FiledAsResponse | None = None

    @classmethod
    def of(cls, draft: Draft) -> Self:
        return cls.model_validate(draft, from_attributes=True)


class DraftsResponse(BaseModel):
    items: list[DraftResponse]
