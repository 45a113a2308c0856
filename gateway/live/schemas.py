"""The data of the events of live updates."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from services.common.contracts.lifecycle import State


class LiveFactResponse(BaseModel):
    """The data of a `fact` about one of your requests."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    reference: str
    seq: int
    """Numbers the facts of the request."""
    type: str
    title: str
    """What happened, in words for people."""
    state: State
    """That of the request after the fact."""
    state_name: str
    at: datetime


class Reload(BaseModel):
    """The data of `reload`: load again what you show, because facts may be missing; what follows is complete again.

    `gap`: a fact could not be found in time. `unknown-id`: the `Last-Event-ID` is too old or of another server.
    `lost`: the server has skipped facts.
    """

    because: Literal["gap", "unknown-id", "lost"]


class Delayed(BaseModel):
    """The data of `delayed`: whether facts arrive late for the moment. None is lost."""

    delayed: bool
