"""Parse the start and the end of a replay as a person types them: a time, or a partition and an offset."""

import re
from datetime import datetime
from typing import Final

from deploy.operator.errors import OperatorError
from deploy.operator.replaying import Point

_OFFSET: Final = re.compile(r"(\d{1,6})/(\d{1,18})")


def parse_point(text: str) -> Point:
    """A time must have a time zone: without one it is ambiguous. Raises OperatorError."""
    if match := _OFFSET.fullmatch(text):
        return int(match[1]), int(match[2])
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise OperatorError(
            f"'{text}' is no point of a topic: write a time with its zone (2026-03-02T09:15Z, or …+01:00), "
            "or PARTITION/OFFSET."
        )
    return time
