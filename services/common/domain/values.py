"""The base of immutable models, and the type of codes."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

Code = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]+$")]


class Value(BaseModel):
    """An immutable model. Unknown fields are ignored, because `v1` contracts only grow."""

    model_config = ConfigDict(frozen=True, extra="ignore")
