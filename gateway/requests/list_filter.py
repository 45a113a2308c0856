"""Which of the own requests a list shows: each filter narrows it, and all of them combine. Pure."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Self
from uuid import UUID

from services.common.contracts.lifecycle import State
from services.common.domain.values import Value
from services.common.legal_clock import start_of

_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)


class ListFilter(Value):
    """`states`: one of them. `first` and `last`: the days in Lisbon between which it was filed. `words`: the beginnings of words that
    are all in its text. `unread_since`: it has a notice that is newer than this. `actor_id`: the person of the account who reads the list.
    """

    states: tuple[State, ...] = ()
    first: date | None = None
    last: date | None = None
    reference: str | None = None
    subject: str | None = None
    department: str | None = None
    words: tuple[str, ...] = ()
    unread_since: datetime | None = None
    actor_id: UUID | None = None

    @property
    def is_plain(self) -> bool:
        """Whether it has at most one state and nothing else: an index has such lists in their order."""
        return len(self.states) <= 1 and self == ListFilter(states=self.states, actor_id=self.actor_id)

    @property
    def tag(self) -> bytes:
        """What a cursor is bound to. The mark of the notices that were read may move between two pages."""
        if self.is_plain:
            return b"".join(each.value.encode() for each in self.states)
        return (
            self.model_dump_json(exclude={"unread_since", "actor_id"}).encode()
            + str(self.unread_since is not None).encode()
        )

    def readable_by(self, actor_id: UUID) -> Self:
        """The same filter for this person of the account."""
        return self.model_copy(update={"actor_id": actor_id})

    def in_state(self, state: State) -> Self:
        """The same filter for another state."""
        return self.model_copy(update={"states": (state,)})

    def condition(self) -> dict[str, Any]:
        """As a query of the views, without the account and the period in which a list is read."""
        exact = {"_id": self.reference, "state.subject": self.subject, "state.department": self.department}
        query: dict[str, Any] = {name: value for name, value in exact.items() if value is not None}
        if self.states:
            query["state.state"] = self.states[0] if len(self.states) == 1 else {"$in": list(self.states)}
        if self.actor_id is not None:
            query["state.restricted_to"] = {"$in": [None, self.actor_id]}
        if self.unread_since is not None:
            query["state.notified_at"] = {"$gt": self.unread_since}
        if several := [*self._period(), *({"state.search_text": {"$regex": f" {word}"}} for word in self.words)]:
            query["$and"] = several
        return query

    def _period(self) -> Sequence[dict[str, Any]]:
        bounds = []
        if self.first is not None:
            bounds.append({"state.filed_at": {"$gte": start_of(self.first)}})
        if self.last is not None and self.last < date.max:
            bounds.append({"state.filed_at": {"$lt": start_of(self.last + timedelta(days=1))}})
        return bounds


def unread_since(mark: datetime | None) -> datetime:
    """For an account that marked its notices as read at `mark`, or never."""
    return mark or _EARLIEST
