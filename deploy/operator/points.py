"""Where a stretch of a topic begins and ends, as a person types it: a moment, or a partition and an offset."""

import re
from datetime import datetime
from typing import Final

from deploy.operator.errors import OperatorError
from deploy.operator.replaying import Point

_PLACE: Final = re.compile(r"(\d{1,6})/(\d{1,18})")


def point(typed: str) -> Point:
    """Raises OperatorError, also for a moment without a time zone: two people would mean two of them."""
    if place := _PLACE.fullmatch(typed):
        return int(place[1]), int(place[2])
    try:
        moment = datetime.fromisoformat(typed)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise OperatorError(
            f"'{typed}' is no point of a topic: write a moment with its zone (2026-03-02T09:15Z, or …+01:00), "
            "or PARTITION/OFFSET."
        )
    return moment
