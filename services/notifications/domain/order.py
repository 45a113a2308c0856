"""The order of the notices about one request: a notice waits for every earlier one, and a later one replaces it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from services.notifications.domain.delivery import ENDED, Delivery, Status

SHORTEST_WAIT: Final = timedelta(seconds=0.25)
"""Until an earlier notice that is about to be sent is looked at again. With several, at least as long for each: they leave one after
another.
"""

REMINDER: Final = "documents-reminder"
"""It repeats what was asked: any later news makes it pointless, even if that has not left yet."""

SIDE_NOTICES: Final = frozenset({"document-refused", REMINDER, "forwarded", "extended"})
"""Notices that do not tell where the request stands: what earlier ones said of that still holds after them."""

MOST_AHEAD: Final = 40
"""Earlier notices that lengthen the wait."""


class OtherNotice(NamedTuple):
    """Another notice about the same request, on the same channel: its kind, the `seq` of its fact, and when it is due."""

    notice: str
    seq: int
    status: Status
    due_at: datetime | None

    @property
    def tells_state(self) -> bool:
        """Whether it tells where the request stands, so that an earlier notice would be old news."""
        return self.notice not in SIDE_NOTICES


@dataclass(frozen=True, slots=True)
class Send:
    """It is the turn of this notice."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Another notice must end first. `until` is when to look again."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Replaced:
    """A later notice makes this one old news."""


Turn = Send | Wait | Replaced


def turn_of(delivery: Delivery, others: Sequence[OtherNotice], now: datetime, lease: timedelta) -> Turn:
    """Whether it is the turn of a due delivery that nobody has tried, given all other deliveries of its request and channel.

    Facts are inserted in their order, so an earlier delivery that is not among `others` does not exist, unless its fact was
    dead-lettered and redriven: then a later one may have been sent before it.
    """
    later = [each for each in others if each.seq > delivery.seq and each.tells_state]
    if any(each.status is Status.SENT or delivery.notice == REMINDER for each in later):
        return Replaced()
    ahead = [
        each
        for each in others
        if (each.seq < delivery.seq and each.status not in ENDED)
        or (each.seq > delivery.seq and each.status is Status.SENDING)
    ]
    if not ahead:
        return Send()
    # Those ahead may all be due now, or wait for one another already: a sum of both waits would grow with their square.
    one_after_another = now + min(len(ahead), MOST_AHEAD) * SHORTEST_WAIT
    return Wait(max(one_after_another, *(_next_look(each, now, lease) for each in ahead)))


def _next_look(other: OtherNotice, now: datetime, lease: timedelta) -> datetime:
    """Just after the other one is due. While it is being sent: after as long again as that has taken so far."""
    due = other.due_at or now
    if other.status is Status.SENDING:
        due = min(due, now + (now - (due - lease)))
    return max(due, now) + SHORTEST_WAIT
