"""Bodies of `/v1/departments`."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from gateway.desk.view import KeptAssignment
from services.common.text import one_line
from services.common.text.validators import cleaned


class ListedAssignment(KeptAssignment):
    """The latest inbox event of a case, with the same fields. `closed`: nothing more is to be done for it."""

    closed: bool


class AssignmentPage(BaseModel):
    """`next` is the `cursor` of the next page; it is missing on the last page."""

    items: list[ListedAssignment]
    next: Annotated[str | None, Field(description="The cursor of the next page.")] = None


class ContactRequest(BaseModel):
    """For what the department needs to know who the person is. The person can be told later."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    purpose: Annotated[
        str,
        StringConstraints(min_length=3, max_length=200),
        Field(
            description="For what you need to know who the person is: a line, kept in the access log.",
            examples=["To find the sick leave that ends"],
        ),
        cleaned(one_line),
    ]


class Contact(BaseModel):
    """Who filed the request: a person, or a company."""

    niss: Annotated[str, Field(description="Social-security number, 11 digits.")]
    name: str
