"""Timers of a document: due times derived from its state."""

from datetime import datetime
from typing import NamedTuple


class Timer(NamedTuple):
    """`kind` selects the handler; `at` is the due time."""

    kind: str
    at: datetime
