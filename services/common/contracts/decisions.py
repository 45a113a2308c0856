"""What a department's decision says: its outcome, its grounds, and how it may be contested."""

from datetime import date
from enum import StrEnum
from typing import Final

from services.common.contracts.base import Prose, Value


class Outcome(StrEnum):
    """What was decided. `informed`: the request asked for information, and got it."""

    GRANTED = "granted"
    PARTLY = "partly"
    REFUSED = "refused"
    INFORMED = "informed"
    UNKNOWN = "unknown"

    @classmethod
    def _missing_(cls, value: object) -> "Outcome":
        """A newer writer may know an outcome that this reader does not."""
        return cls.UNKNOWN


DECIDING: Final = frozenset({Outcome.GRANTED, Outcome.PARTLY, Outcome.REFUSED})
"""Outcomes that need grounds (CPA, art. 152)."""

CONTESTABLE: Final = frozenset({Outcome.PARTLY, Outcome.REFUSED})
"""Outcomes that need the means of appeal and their last day (CPA, art. 114)."""


class Appeal(Value):
    """How the person may contest the decision, and the last day to do so."""

    means: Prose
    until: date
