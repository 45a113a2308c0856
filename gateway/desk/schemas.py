"""Response bodies of `/v1/departments`."""

from typing import Annotated

from pydantic import BaseModel, Field

from gateway.desk.view import KeptAssignment


class ListedAssignment(KeptAssignment):
    """The latest inbox event of a case, with the same fields. `closed`: nothing more is to be done for it."""

    closed: bool


class AssignmentPage(BaseModel):
    """`next` is the `cursor` of the next page; it is missing on the last page."""

    items: list[ListedAssignment]
    next: Annotated[str | None, Field(description="The cursor of the next page.")] = None
