"""The names in a JSON object: which of them occurs twice, and which may be repeated to the one who wrote it. Pure."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

_NAMEABLE: Final = re.compile(r"[^\W\d][\w.-]{0,63}")
"""An unknown name that is repeated to its sender. Others, such as a number or an address, may be personal data."""


class Members(list[tuple[str, Any]]):
    """The members of an object, with repeated names: what `object_pairs_hook=Members` makes of one."""


def is_nameable(name: str) -> bool:
    """Whether an unknown name may be repeated to its sender."""
    return _NAMEABLE.fullmatch(name) is not None


def repeated_names(value: object, pointer: str = "") -> Iterator[str]:
    """Pointers (RFC 6901) to the repeated names in `value`, without names that may be personal data. `value` was parsed with
    `Members`.
    """
    if isinstance(value, Members):
        seen = set[str]()
        for name, member in value:
            place = f"{pointer}/{name}" if is_nameable(name) else pointer
            if name in seen:
                yield place
            seen.add(name)
            yield from repeated_names(member, place)
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from repeated_names(member, f"{pointer}/{index}")


def repeated_name(text: bytes) -> str | None:
    """The pointer to the first repeated name in a JSON text. None if there is none, or if the text is not JSON."""
    try:
        return next(repeated_names(json.loads(text, object_pairs_hook=Members)), None)
    except (ValueError, RecursionError):
        return None
