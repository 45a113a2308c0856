"""An aggregate's handler table, and the fold of several records into one change of a document.

The fold is pure: the same document and the same records give the same change, with the same events and ids. A repeated
batch therefore publishes nothing new.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, NamedTuple, TypeVar

from services.common.contracts import Event, PublishedEvent
from services.common.domain.decision import Decision, S
from services.common.domain.errors import Poison
from services.common.domain.identifiers import derived_text
from services.common.domain.poison import PoisonRecord
from services.common.domain.position import Position
from services.common.domain.received import Received
from services.common.domain.timers import Timer
from services.common.messaging.handlers.blocked import freed, is_head, is_parked, parked, without_parked
from services.common.messaging.handlers.inbox import is_full, is_same, was_decided, with_entry
from services.common.messaging.handlers.outbox import answers_to_poison, decided_events
from services.common.store import Change, Document, InboxEntry, OutboxEntry

E = TypeVar("E", bound=Event)
Handler = Callable[[S | None, Received[E]], Decision[S]]
Keys = Callable[[Received[Any]], Sequence[str]]
PoisonHandler = Callable[[PoisonRecord], Sequence[PublishedEvent]]


class Outcome(StrEnum):
    """The outcome of a record. Every record has exactly one of these, in every group that reads it.

    An answered one is dead-lettered too, but it is a department's mistake, and the department is told.
    """

    APPLIED = "applied"
    DUPLICATE = "duplicate"
    REFUSED = "refused"
    DEAD_LETTERED = "dead-lettered"
    ANSWERED = "answered"


class TimerDue(Event, type="timer.due"):
    """A document's timer is due. The sweeper passes it to the fold; it is never published."""

    kind: str


class Fold(NamedTuple, Generic[S]):
    """The result of a fold: the change to save, and the outcome of each record that is not parked.

    `to_park` are records behind a blocked document. They are dead-lettered before the change is saved.
    """

    change: Change[S]
    outcomes: list[Outcome]
    to_park: list[Received[Event]]


def record_key(received: Received[Any]) -> Sequence[str]:
    """The default: a record concerns the document whose key is the record's key."""
    return (received.key,)


@dataclass(slots=True)
class Aggregate(Generic[S]):
    """One kind of document: its service (the `ce_source` of its events), its state, and a handler for each event.

    `keys` names the documents that a record concerns. `timers` derives due times from the state, so that no handler can
    forget one. `created_by` are creation events. They skip the load; an existing document causes a version conflict and
    a retry.
    """

    service: str
    state: type[S]
    keys: Keys = record_key
    created_by: Collection[type[Event]] = ()
    timers: Callable[[S], Sequence[Timer]] = field(default=lambda _: ())
    _handlers: dict[type[Event], tuple[Handler[S, Any], Keys]] = field(default_factory=dict)
    _timers: dict[str, Handler[S, TimerDue]] = field(default_factory=dict)
    _reused: dict[type[Event], Handler[S, Any]] = field(default_factory=dict)
    _too_many: dict[type[Event], Handler[S, Any]] = field(default_factory=dict)
    _discarded: dict[type[Event], Handler[S, Any]] = field(default_factory=dict)
    _poison: PoisonHandler = field(default=lambda _: ())

    def on(self, *events: type[E], keys: Keys | None = None) -> Callable[[Handler[S, E]], Handler[S, E]]:
        """Register the handler of `events`. `keys` replaces the aggregate's own `keys` for these events."""

        def register(handler: Handler[S, E]) -> Handler[S, E]:
            self._handlers.update(dict.fromkeys(events, (handler, keys or self.keys)))
            return handler

        return register

    def on_timer(self, kind: str) -> Callable[[Handler[S, TimerDue]], Handler[S, TimerDue]]:
        """Register the handler of timers of this kind. `received.at` is the due time."""

        def register(handler: Handler[S, TimerDue]) -> Handler[S, TimerDue]:
            self._timers[kind] = handler
            return handler

        return register

    def on_reused_id(self, *events: type[Event]) -> Callable[[Handler[S, Any]], Handler[S, Any]]:
        """Register the handler for an id that was already used with other bytes. Without one, such a record is poison."""
        return _registration(self._reused, events)

    def on_too_many(self, *events: type[Event]) -> Callable[[Handler[S, Any]], Handler[S, Any]]:
        """Register the handler for events whose topic has reached its inbox limit. It must not change the state.

        These events are not added to the inbox. If one is redelivered, the limit is still reached, and the handler
        derives the same events again.
        """
        return _registration(self._too_many, events)

    def on_discarded(self, *events: type[Event]) -> Callable[[Handler[S, Any]], Handler[S, Any]]:
        """Register the handler for a parked record that an operator discarded. It must not change the state.

        The record is added to the inbox. Without this handler it is only taken off the blocked list.
        """
        return _registration(self._discarded, events)

    def on_poison(self, handler: PoisonHandler) -> PoisonHandler:
        """Register the function that answers the author of a dead-lettered record. It must be pure.

        Its events are published before the dead letter, and before the record's offset is committed.
        """
        self._poison = handler
        return handler

    def answers(self, poison: PoisonRecord) -> list[OutboxEntry]:
        """The answers to a dead-lettered record. Their ids derive from its position: a repetition publishes them again."""
        return answers_to_poison(self.service, poison, self._poison(poison))

    def targets(self, received: Received[Event]) -> Sequence[str]:
        """The keys of the documents that the record concerns; empty if no handler is registered for its event."""
        if type(received.event) is TimerDue:
            return (received.target,)
        _, keys = self._handlers.get(type(received.event), (None, None))
        return keys(received) if keys else ()

    def timer(self, document: Document[S], due: Timer) -> Received[Event]:
        """The event of a due timer. Its id is derived from document key, kind, due time and the version of the document: a timer
        that stands again at the same time is due again.
        """
        identifier = derived_text(self.service, document.key, due.kind, due.at.isoformat(), str(document.version))
        return Received(
            event=TimerDue(kind=due.kind),
            id=identifier,
            digest=b"",
            topic="timer",
            key=document.key,
            target=document.key,
            partition=document.partition,
            at=due.at,
            position=Position("timer", document.partition, 0),
            correlation=identifier,
        )

    def fold(self, document: Document[S], records: Sequence[Received[Event]]) -> Fold[S]:
        """Run the handlers of `records` in order. Exceptions of a handler pass through; the caller finds the record."""
        fold: Fold[S] = Fold(Change(document, document), [], [])
        for received in records:
            outcome = self._fold_record(fold, received)
            if outcome is not None:
                fold.outcomes.append(outcome)
        change = fold.change
        if change.dirty:
            state = change.after.state
            change.after.due = tuple(self.timers(state)) if state is not None else ()
        return fold

    def discard(self, document: Document[S], received: Received[Event]) -> Change[S]:
        """Take a record that an operator discarded off the blocked list, and decide on it with its `on_discarded` handler.

        Nothing changes if the record is not parked: it has been applied or discarded already.
        """
        change = without_parked(document, received.position)
        handler = self._discarded.get(type(received.event))
        if not change.dirty or handler is None:
            return change
        fold: Fold[S] = Fold(change, [], [])
        self._apply(fold, received._replace(target=document.key), handler)
        assert fold.change.after.state is document.state
        return fold.change

    def _fold_record(self, fold: Fold[S], received: Received[Event]) -> Outcome | None:
        """Apply one record to `fold`. Returns its outcome, or None if it is parked."""
        document = fold.change.after
        if document.blocked and not is_head(document, received):
            if is_parked(document, received.position) or was_decided(document.inbox, received):
                return Outcome.DUPLICATE
            fold.to_park.append(received)
            fold.change.after = parked(document, received)
            return None
        if document.blocked:
            fold.change.after = freed(document, received.position)
        return self._apply(fold, received, self._handler(received.event))

    def _apply(self, fold: Fold[S], received: Received[Event], handler: Handler[S, Any]) -> Outcome:
        """Decide on one record, and add the decision to `fold`."""
        document = fold.change.after
        decision, inbox_id, skip_inbox = self._decide(document, received, handler)
        if decision is None:
            return Outcome.DUPLICATE
        new_events = decided_events(self.service, document.key, decision.events, received, inbox_id)
        fold.change.new_events.extend(new_events)
        entry = InboxEntry(inbox_id, received.digest, received.at)
        fold.change.after = Document(
            key=document.key,
            version=document.version,
            partition=received.partition,
            state=decision.state,
            inbox=document.inbox if skip_inbox else with_entry(document.inbox, entry, received.at),
            outbox=(*document.outbox, *new_events),
            blocked=document.blocked,
            due=document.due,
            timeline_bytes=document.timeline_bytes,
        )
        return Outcome.REFUSED if decision.refused else Outcome.APPLIED

    def _decide(
        self, document: Document[S], received: Received[Event], handler: Handler[S, Any]
    ) -> tuple[Decision[S] | None, str, bool]:
        """The decision (None for a duplicate), the inbox id to store, and whether nothing is stored in the inbox."""
        inbox_id = received.inbox_id
        seen = {entry.id: entry for entry in document.inbox}
        if inbox_id in seen:
            if is_same(seen[inbox_id], received):
                return None, inbox_id, False
            inbox_id = f"{inbox_id}#{received.digest.hex()}"
            if inbox_id in seen:
                return None, inbox_id, False
            reused = self._reused.get(type(received.event))
            if reused is None:
                raise Poison("id-reused")
            handler = reused
        too_many = self._too_many.get(type(received.event))
        if too_many and is_full(document.inbox, received):
            decision = too_many(document.state, received)
            assert decision.state is document.state
            return decision, inbox_id, True
        return handler(document.state, received), inbox_id, False

    def _handler(self, event: Event) -> Handler[S, Any]:
        if isinstance(event, TimerDue):
            return self._timers[event.kind]
        return self._handlers[type(event)][0]


def _registration(
    table: dict[type[Event], Handler[S, Any]], events: Sequence[type[Event]]
) -> Callable[[Handler[S, Any]], Handler[S, Any]]:
    """The decorator that adds a handler to `table` for these events."""

    def register(handler: Handler[S, Any]) -> Handler[S, Any]:
        table.update(dict.fromkeys(events, handler))
        return handler

    return register
