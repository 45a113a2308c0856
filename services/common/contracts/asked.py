"""Documents that a department asks of the person, item by item."""

from enum import StrEnum
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from services.common.contracts.base import MAX_DOCUMENTS, Value
from services.common.text import prose
from services.common.text.validators import cleaned

MAX_ITEMS: Final = 10
"""Maximum items of one ask."""

MAX_ASKED: Final = 50
"""Maximum items of all asks about one request."""

Line = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"\S"), cleaned(prose)]
"""A short text of a department."""

MediaType = Literal["application/pdf", "image/png", "image/jpeg"]


class NewItem(Value):
    """What is asked, why, and in which formats. No format means all that the counter accepts."""

    what: Line
    why: Line
    formats: tuple[MediaType, ...] = ()


class ItemState(StrEnum):
    """How far an asked document is."""

    OPEN = "open"
    """Nothing was delivered, or everything delivered was refused."""
    CHECKING = "checking"
    RECEIVED = "received"
    LAPSED = "lapsed"
    """It was not delivered in time. It may still come unasked."""
    DROPPED = "dropped"
    """The department decided without it."""
    UNKNOWN = "unknown"

    @classmethod
    def _missing_(cls, value: object) -> "ItemState":
        """A newer writer may know a state that this reader does not."""
        return cls.UNKNOWN


class AskedItem(NewItem):
    """An item of an ask. `number` counts all items that were asked about the request, from 1.

    `documents` are the files that the person delivered for it, without those that were refused.
    """

    number: int
    state: ItemState = ItemState.OPEN
    documents: tuple[UUID, ...] = ()


class ItemDelivery(Value):
    """Files that the person delivers for the item with this number."""

    item: int = Field(ge=1)
    documents: tuple[UUID, ...] = Field(min_length=1, max_length=MAX_DOCUMENTS)
