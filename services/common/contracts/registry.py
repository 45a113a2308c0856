"""`registry.events.v1`: what a civil register reports. It publishes them itself; the gateway's worker alone reads them.

The record's key is the id of the birth's record, a UUID: the same birth always has the same key, however often it is reported.
"""

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from services.common.contracts import topics
from services.common.contracts.base import Event, Text
from services.common.domain.identifiers import clean_niss, valid_niss
from services.common.text import one_line
from services.common.text.validators import cleaned


def _is_persons(niss: str) -> str:
    if not (valid_niss(niss) and niss.startswith("1")):
        raise PydanticCustomError("niss", "not the social-security number of a person")
    return niss


PersonNiss = Annotated[str, AfterValidator(_is_persons), cleaned(clean_niss)]
"""The social-security number of a person, eleven digits."""


class BirthRegistered(Event, type="birth.registered", families=(topics.REGISTRY,)):
    """A child was born. `number`: that of the entry in the register, by which a department finds the child.

    `parents`: the first one who has an account gets the request for child benefit.
    """

    number: Annotated[Text, StringConstraints(min_length=1, max_length=40), cleaned(one_line)]
    born_on: date
    parents: tuple[PersonNiss, ...] = Field(min_length=1, max_length=2)
