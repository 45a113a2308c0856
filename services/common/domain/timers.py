"""Timers of a document: due times that its state implies."""

from datetime import datetime
from typing import NamedTuple


class Timer(NamedTuple):
    """`kind` names the handler."""

    kind: str
    at: datetime
