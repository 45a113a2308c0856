"""The history that the clauses check: all evidence, with look-ups. Pure data: nothing here uses an engine."""

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
    """`records`: in the order of topic, partition and offset. `stored`: by consumer group and document key. `pages`: by
    reference; None when no page was read.
    """

    submissions: Sequence[Submission] = ()
    records: Sequence[Record] = ()
    dead_letters: Sequence[DeadLetter] = ()
    poisoned: frozenset[Position] = frozenset()
    """Positions of unreadable records that a schedule appended on purpose."""
    appended_again: frozenset[Position] = frozenset()
    """Positions of copies that a schedule appended on purpose, as a network or a tool might."""
    stored: Mapping[str, Mapping[str, StoredDocument]] = field(default_factory=dict)
    lags: Sequence[Lag] = ()
    mails: Sequence[Mail] = ()
    pages: Mapping[str, Page[TimelineEntry]] | None = None
    unexpected_answers: Sequence[str] = ()
    """Answers of the gateway that must never occur, in short form."""

    @cached_property
    def acknowledged(self) -> Sequence[Submission]:
        return [submission for submission in self.submissions if submission.request_id is not None]

    @cached_property
    def by_request(self) -> Mapping[str, Submission]:
        return {str(submission.request_id): submission for submission in self.acknowledged}

    @cached_property
    def firsts(self) -> Sequence[Record]:
        """The first record of each event: delivery is at least once, so later records with its id are duplicates."""
        first: dict[tuple[str, str], Record] = {}
        for record in self.records:
            if record.position not in self.poisoned:
                first.setdefault((record.topic, record.id), record)
        return list(first.values())

    @cached_property
    def _by_key(self) -> Mapping[str, Sequence[Record]]:
        records: defaultdict[str, list[Record]] = defaultdict(list)
        for record in self.firsts:
            records[record.key].append(record)
        return records

    @cached_property
    def caused(self) -> Mapping[str, Sequence[Record]]:
        """The records that an event caused, by the id of that event."""
        records: defaultdict[str, list[Record]] = defaultdict(list)
        for record in self.firsts:
            records[record.cause].append(record)
        return records

    @cached_property
    def dead_lettered(self) -> frozenset[tuple[str, Position]]:
        """Group and position of every dead-lettered record."""
        return frozenset((letter.group, letter.position) for letter in self.dead_letters)

    def about(self, key: UUID | str | None, *kinds: type[E]) -> list[Record]:
        """The distinct events of these kinds about a request, in the order of each topic."""
        return [record for record in self._by_key.get(str(key), ()) if isinstance(record.event, kinds)]

    def events(self, key: UUID | str | None, kind: type[E]) -> list[E]:
        """The events of `about` for one kind."""
        return [record.event for record in self.about(key, kind) if isinstance(record.event, kind)]

    def every(self, *kinds: type[E]) -> Iterator[Record]:
        return (record for record in self.firsts if isinstance(record.event, kinds))

    def life(self, key: UUID | str | None) -> list[Record]:
        """The lifecycle facts of a request in the order in which they were first published."""
        return self.about(key, LifecycleFact)

    def facts(self, key: UUID | str | None) -> list[LifecycleFact]:
        """The lifecycle facts of a request in the order of their numbers."""
        return sorted((record.fact for record in self.life(key)), key=lambda fact: fact.seq)

    def document(self, group: str, key: object) -> StoredDocument | None:
        return self.stored.get(group, {}).get(str(key))

    def name(self, key: str) -> str:
        """The reference of the request with this key, or its key if it has none."""
        submission = self.by_request.get(key)
        return submission.name if submission else f"request {key}"


def repeated(names: Iterable[Any]) -> list[Any]:
    """The names that occur more than once."""
    return [name for name, times in Counter(names).items() if times > 1]
