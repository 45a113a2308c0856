"""Ids in the path of a call, as people paste them: with dashes of any kind, blanks, or none."""

from typing import Annotated
from uuid import UUID

from fastapi import Path

from services.common.http import problem_types
from services.common.http.field_errors import FieldError
from services.common.http.problems import Problem
from services.common.text import characters

PathId = Annotated[str, Path(json_schema_extra={"format": "uuid"})]


def path_id(typed: str, parameter: str) -> UUID:
    """The id that was typed as `parameter`. Raises the problem `not-found` for a text that is no id, as for an id
    that does not exist.
    """
    try:
        return UUID(characters.identifier(typed))
    except ValueError:
        raise Problem(problem_types.NOT_FOUND, FieldError("not_uuid", parameter=parameter)) from None
