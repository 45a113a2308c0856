"""The inbox of an aggregate: which events it has decided on, and for how long it remembers them. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from services.common.contracts import Event
from services.common.domain.received import INBOX_AGE, Received
from services.common.store import InboxEntry

INBOX_MIN: Final = 64
"""Newest entries that an inbox keeps, however old they are."""

INBOX_MAX_PER_TOPIC: Final = 500
"""Maximum inbox entries of one topic, for events with an `on_too_many` handler: people or departments may send any
number of them.
"""

INBOX_REFILL: Final = timedelta(hours=1)
"""After this long without a new entry a full inbox takes one more: a program that was repaired can still answer."""


def was_decided(inbox: Sequence[InboxEntry], received: Received[Event]) -> bool:
    """Whether this record, byte for byte, is in the inbox: it was decided before the document was blocked."""
    return any(each.id == received.inbox_id and is_same(each, received) for each in inbox)


def is_same(entry: InboxEntry, received: Received[Event]) -> bool:
    """Whether a record with the id of `entry` is the same one. Older versions stored the digest without the type."""
    return received.digest.startswith(entry.digest)


def is_full(inbox: Sequence[InboxEntry], received: Received[Event]) -> bool:
    """Whether the record's topic has reached its inbox limit at the record's append time, and had an entry within the hour.

    The append times make the answer repeatable: a redelivered record gets the same one.
    """
    if len(inbox) < INBOX_MAX_PER_TOPIC:
        return False
    scope = f"{received.topic} "
    recent = [each.at for each in inbox if each.id.startswith(scope) and received.at - each.at <= INBOX_AGE]
    return len(recent) >= INBOX_MAX_PER_TOPIC and received.at - max(recent) < INBOX_REFILL


def with_entry(inbox: tuple[InboxEntry, ...], new: InboxEntry, now: datetime) -> tuple[InboxEntry, ...]:
    """The inbox with `new`. It keeps every entry younger than 35 days, and at least the newest 64."""
    grown = (*inbox, new)
    expired = sum(1 for entry in grown[:-INBOX_MIN] if now - entry.at > INBOX_AGE)
    return grown[expired:] if expired else grown
