"""Searches a range of time in short stretches, nearest first.

FerretDB reads and sorts everything that a query matches before it applies the limit (`explain`: limit over sort over the whole
range), so a page of a long list costs as much as the list. A stretch that is just wide enough costs as much as the page.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple, TypeVar

T = TypeVar("T")

_FIRST: Final = datetime.min.replace(tzinfo=UTC)


class Stretch(NamedTuple):
    """The times from `since` on and before `until`. None: no bound on that side."""

    since: datetime | None = None
    until: datetime | None = None

    def condition(self) -> dict[str, Any]:
        """The stretch as MongoDB's condition of a field."""
        bounds = {"$gte": self.since, "$lt": self.until}
        return {operator: bound for operator, bound in bounds.items() if bound is not None}


async def fill(find: Callable[[Stretch, int], Awaitable[list[T]]], stretches: Iterable[Stretch], limit: int) -> list[T]:
    """What `find(stretch, at most)` returns of one stretch after the other, until `limit` are found."""
    found: list[T] = []
    for stretch in stretches:
        found += await find(stretch, limit - len(found))
        if len(found) >= limit:
            break
    return found


def forwards(since: datetime, until: datetime, width: timedelta) -> Iterator[Stretch]:
    """From `since` to `until`: the first stretch is `width` wide, each further one twice as wide as the last."""
    while since < until:
        end = min(since + width, until)
        yield Stretch(since, end)
        since, width = end, 2 * width


def backwards(latest: datetime, widths: Iterable[timedelta]) -> Iterator[Stretch]:
    """From the newest to the oldest: what is later than `latest - widths[0]`, then before that, at last all the rest.

    A width that reaches back before the year 1 is all the rest.
    """
    until: datetime | None = None
    for width in widths:
        if width >= latest - _FIRST:
            break
        since = latest - width
        yield Stretch(since, until)
        until = since
    yield Stretch(None, until)
