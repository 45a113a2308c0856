"""An aggregate's table of handlers, and the pure fold of a key's records into one change.

Nothing here awaits: given the same document and the same records it answers the same change, events and ids.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Generic, NamedTuple, TypeVar

from services.common.contracts import Event
from services.common.domain.decision import Decision, S
from services.common.domain.errors import Poison
from services.common.domain.identifiers import derived_text
from services.common.domain.position import Position
from services.common.domain.received import INBOX_AGE, Received
from services.common.domain.timers import Timer
from services.common.messaging.records.writer import outgoing
from services.common.store import Change, Document, InboxEntry, OutboxEntry, Parked

INBOX_LEAST: Final = 64

INBOX_MOST: Final = 500
"""Ids of one topic that an inbox remembers of events which anybody outside may say as often as they like."""

E = TypeVar("E", bound=Event)
Handler = Callable[[S | None, Received[E]], Decision[S]]
Keys = Callable[[Received[Any]], Sequence[str]]


class Outcome(StrEnum):
    """How a record ends. Nothing else exists."""

    APPLIED = "applied"
    DUPLICATE = "duplicate"
    REFUSED = "refused"
    DEAD_LETTERED = "dead-lettered"


class TimerDue(Event, type="timer.due"):
    """A timer of a document came due. It never travels: the sweeper hands it to the fold."""

    kind: str


class Fold(NamedTuple, Generic[S]):
    """A change, and what must happen before it is saved: records to park behind a blocked document."""

    change: Change[S]
    ends: list[Outcome]
    park: list[Received[Event]]


def own_key(received: Received[Any]) -> Sequence[str]:
    return (received.key,)


@dataclass(slots=True)
class Aggregate(Generic[S]):
    """One kind of document: its service (the source of what it says), its state, and a handler for each event.

    `timers` derives the document's due times from its state, so that no decision can forget one. `created_by` are the events
    that begin a document: none is looked for, and a save that finds one all the same misses, like any other.
    """

    service: str
    state: type[S]
    keys: Keys = own_key
    created_by: Collection[type[Event]] = ()
    timers: Callable[[S], Sequence[Timer]] = field(default=lambda _: ())
    _handlers: dict[type[Event], tuple[Handler[S, Any], Keys]] = field(default_factory=dict)
    _timers: dict[str, Handler[S, TimerDue]] = field(default_factory=dict)
    _reused: dict[type[Event], Handler[S, Any]] = field(default_factory=dict)
    _too_many: dict[type[Event], Handler[S, Any]] = field(default_factory=dict)

    def on(self, *events: type[E], keys: Keys | None = None) -> Callable[[Handler[S, E]], Handler[S, E]]:
        """Register the handler of `events`; `keys` names the documents they touch, if not the aggregate's usual."""

        def register(handler: Handler[S, E]) -> Handler[S, E]:
            self._handlers.update(dict.fromkeys(events, (handler, keys or self.keys)))
            return handler

        return register

    def on_timer(self, kind: str) -> Callable[[Handler[S, TimerDue]], Handler[S, TimerDue]]:
        """Register the handler of a timer. `received.at` is the due time."""

        def register(handler: Handler[S, TimerDue]) -> Handler[S, TimerDue]:
            self._timers[kind] = handler
            return handler

        return register

    def on_reused_id(self, *events: type[Event]) -> Callable[[Handler[S, Any]], Handler[S, Any]]:
        """Register what to say when an id comes again with other bytes. Without it such a record is poison."""

        def register(handler: Handler[S, Any]) -> Handler[S, Any]:
            self._reused.update(dict.fromkeys(events, handler))
            return handler

        return register

    def on_too_many(self, *events: type[Event]) -> Callable[[Handler[S, Any]], Handler[S, Any]]:
        """Register what to say of an event whose topic has filled its share of the inbox. It changes no state.

        Such an event is not remembered: should it come again, its topic's share is still full and the same is said again.
        """

        def register(handler: Handler[S, Any]) -> Handler[S, Any]:
            self._too_many.update(dict.fromkeys(events, handler))
            return handler

        return register

    def targets(self, received: Received[Event]) -> Sequence[str]:
        """The keys of the documents the record touches; none when nobody here handles it."""
        if type(received.event) is TimerDue:
            return (received.target,)
        _, keys = self._handlers.get(type(received.event), (None, None))
        return keys(received) if keys else ()

    def timer(self, document: Document[S], due: Timer) -> Received[Event]:
        """The event of a due timer, with an id of (document, kind, due time)."""
        identifier = derived_text(self.service, document.key, due.kind, due.at.isoformat())
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
        """Decide on `records` in order. Exceptions of a handler pass through: the caller finds the record."""
        fold: Fold[S] = Fold(Change(document, document), [], [])
        for received in records:
            end = self._step(fold, received)
            if end is not None:
                fold.ends.append(end)
        change = fold.change
        if change.dirty:
            state = change.after.state
            change.after.due = tuple(self.timers(state)) if state is not None else ()
        return fold

    def _step(self, fold: Fold[S], received: Received[Event]) -> Outcome | None:
        document = fold.change.after
        if document.blocked and not _heads(document.blocked, received):
            waiting = parked(received)
            if waiting.position in {each.position for each in document.blocked} or _taken(document.inbox, received):
                return Outcome.DUPLICATE
            fold.park.append(received)
            fold.change.after = replace(document, blocked=(*document.blocked, waiting))
            return None
        if _heads(document.blocked, received):
            document = fold.change.after = replace(document, blocked=document.blocked[1:])
        decision, cause, forgotten = self._decide(document, received)
        if decision is None:
            return Outcome.DUPLICATE
        said = self._said(document.key, decision, received, cause)
        fold.change.said.extend(said)
        fold.change.after = Document(
            key=document.key,
            version=document.version,
            partition=received.partition,
            state=decision.state,
            inbox=document.inbox
            if forgotten
            else _remembered(document.inbox, InboxEntry(cause, received.digest, received.at), received.at),
            outbox=(*document.outbox, *said),
            blocked=document.blocked,
            due=document.due,
            kept=document.kept,
        )
        return Outcome.REFUSED if decision.refused else Outcome.APPLIED

    def _decide(self, document: Document[S], received: Received[Event]) -> tuple[Decision[S] | None, str, bool]:
        """The decision (None for a duplicate), the inbox id it is remembered under, and whether it is not remembered."""
        cause = received.inbox_id
        seen = {entry.id: entry for entry in document.inbox}
        handler = self._handler(received.event)
        if cause in seen:
            if seen[cause].digest == received.digest:
                return None, cause, False
            cause = f"{cause}#{received.digest.hex()}"
            if cause in seen:
                return None, cause, False
            reused = self._reused.get(type(received.event))
            if reused is None:
                raise Poison("id-reused")
            handler = reused
        too_many = self._too_many.get(type(received.event))
        if too_many and _is_full(document.inbox, received):
            decision = too_many(document.state, received)
            assert decision.state is document.state
            return decision, cause, True
        return handler(document.state, received), cause, False

    def _handler(self, event: Event) -> Handler[S, Any]:
        if isinstance(event, TimerDue):
            return self._timers[event.kind]
        return self._handlers[type(event)][0]

    def _said(self, key: str, decision: Decision[S], received: Received[Event], cause: str) -> list[OutboxEntry]:
        return [
            outgoing(
                event,
                id=derived_text(self.service, key, cause, index),
                source=self.service,
                cause=received.id,
                correlation=received.correlation,
                at=received.at,
                traceparent=received.traceparent,
                quiet=received.quiet,
            )
            for index, event in enumerate(decision.events)
        ]


def parked(received: Received[Event]) -> Parked:
    """What stands for the record in the list of a blocked document."""
    position = received.position
    return Parked(position.topic, position.partition, position.offset, received.at)


def _heads(blocked: Sequence[Parked], received: Received[Event]) -> bool:
    """Whether the record is the one a blocked document waits for."""
    return bool(blocked) and blocked[0].position == parked(received).position


def _taken(inbox: Sequence[InboxEntry], received: Received[Event]) -> bool:
    """Whether the very record has been decided on: it comes again, and waits for nothing."""
    return any(each.id == received.inbox_id and each.digest == received.digest for each in inbox)


def _is_full(inbox: Sequence[InboxEntry], received: Received[Event]) -> bool:
    """Whether the record's topic has its share of the inbox, as of the record's own time: so it stays when it comes again."""
    if len(inbox) < INBOX_MOST:
        return False
    scope = f"{received.topic} "
    return sum(each.id.startswith(scope) and received.at - each.at <= INBOX_AGE for each in inbox) >= INBOX_MOST


def _remembered(inbox: tuple[InboxEntry, ...], new: InboxEntry, now: datetime) -> tuple[InboxEntry, ...]:
    """The inbox with `new`: every id younger than 35 days, and at least the last 64."""
    grown = (*inbox, new)
    old = sum(1 for entry in grown[:-INBOX_LEAST] if now - entry.at > INBOX_AGE)
    return grown[old:] if old else grown
