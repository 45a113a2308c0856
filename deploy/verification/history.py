"""The history that is judged: all the evidence, and how to look things up in it.

Everything here is data at rest; nothing asks an engine. Every verdict follows from it alone.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar
from uuid import UUID

from deploy.verification.evidence import DeadLetter, Lag, Mail, Page, Record, StoredDocument, Submission, TimelineEntry
from services.common.contracts import Event
from services.common.contracts.lifecycle import LifecycleFact
from services.common.domain.position import Position

E = TypeVar("E", bound=Event)


@dataclass(frozen=True)
class History:
    """`records` in the order of topic, partition and offset. `stored` by consumer group, then by document key. `pages` by
    reference; None when nobody looked.
    """

    submissions: Sequence[Submission] = ()
    records: Sequence[Record] = ()
    dead_letters: Sequence[DeadLetter] = ()
    poisoned: frozenset[Position] = frozenset()
    """Where garbage lies that was put there on purpose."""
    appended_again: frozenset[Position] = frozenset()
    """Where records lie a second time that were appended again on purpose, as a network or a tool might."""
    stored: Mapping[str, Mapping[str, StoredDocument]] = field(default_factory=dict)
    lags: Sequence[Lag] = ()
    mails: Sequence[Mail] = ()
    pages: Mapping[str, Page[TimelineEntry]] | None = None
    unexpected_answers: Sequence[str] = ()
    """Answers that nobody should ever get, in short."""

    @cached_property
    def acknowledged(self) -> Sequence[Submission]:
        return [submission for submission in self.submissions if submission.request_id is not None]

    @cached_property
    def by_request(self) -> Mapping[str, Submission]:
        return {str(submission.request_id): submission for submission in self.acknowledged}

    @cached_property
    def firsts(self) -> Sequence[Record]:
        """Each event where it first lies: delivery is at least once, and a repeated record is the same event."""
        first: dict[tuple[str, str], Record] = {}
        for record in self.records:
            if record.position not in self.poisoned:
                first.setdefault((record.topic, record.id), record)
        return list(first.values())

    @cached_property
    def _by_key(self) -> Mapping[str, Sequence[Record]]:
        found: defaultdict[str, list[Record]] = defaultdict(list)
        for record in self.firsts:
            found[record.key].append(record)
        return found

    @cached_property
    def caused(self) -> Mapping[str, Sequence[Record]]:
        """What was said because of an event, by that event's id."""
        found: defaultdict[str, list[Record]] = defaultdict(list)
        for record in self.firsts:
            found[record.cause].append(record)
        return found

    @cached_property
    def dead_lettered(self) -> frozenset[tuple[str, Position]]:
        """Group and position of every record that has a dead letter."""
        return frozenset((letter.group, letter.position) for letter in self.dead_letters)

    def about(self, key: UUID | str | None, *kinds: type[E]) -> list[Record]:
        """The distinct events about a request of these kinds, in the order of each topic."""
        return [record for record in self._by_key.get(str(key), ()) if isinstance(record.event, kinds)]

    def events(self, key: UUID | str | None, kind: type[E]) -> list[E]:
        """What those records of one kind say."""
        return [record.event for record in self.about(key, kind) if isinstance(record.event, kind)]

    def every(self, *kinds: type[E]) -> Iterator[Record]:
        return (record for record in self.firsts if isinstance(record.event, kinds))

    def life(self, key: UUID | str | None) -> list[Record]:
        """The facts of a request's life in the order in which they were first said."""
        return self.about(key, LifecycleFact)

    def document(self, group: str, key: object) -> StoredDocument | None:
        return self.stored.get(group, {}).get(str(key))

    def name(self, key: str) -> str:
        """How people call the request of this key."""
        submission = self.by_request.get(key)
        return submission.name if submission else f"request {key}"


def repeated(names: Iterable[Any]) -> list[Any]:
    """What occurs more than once."""
    return [name for name, times in Counter(names).items() if times > 1]
