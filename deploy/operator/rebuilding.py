"""Rebuilding views: what intake keeps of each request is said again, under the same ids, for the gateway's worker alone.

A view is a join: what it has stays, what it lacks fills its place, and nothing is ever emptied. The requests are gone
through in slices of their references, and how many are done is on record, so that another command can go on from there.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from pydantic import ValidationError

from deploy.operator.audit import Audit, Unfinished, history
from deploy.operator.errors import OperatorError
from deploy.operator.session import OperatorSession
from deploy.operator.taking import PATIENCE, Pace, taken
from services.common.contracts import events_of, topics
from services.common.contracts.lifecycle import LifecycleFact
from services.common.domain.identifiers import ALPHABET
from services.common.messaging.failpoints import ARMED, Failpoint, reach
from services.common.messaging.producer.batches import ProducerRecord
from services.common.messaging.records.writer import outgoing
from services.common.store import TimelineEntry, said_between, translate_store_errors

ACTION: Final = "rebuild"
GROUP: Final = "gateway-views"
OWNER, DOCUMENTS, OLDER = "intake", "requests", "timelines"
"""The database (without its prefix) that holds what intake said, and its collections."""

SLICES: Final = len(ALPHABET) ** 2
NOTE_EVERY: Final = 16
"""Slices after which it is noted how far it is."""

AT_ONCE: Final = 500
GOES_ON_WITHIN: Final = timedelta(days=1)
"""A rebuild that broke off longer ago is begun anew: who knows what became of the views meanwhile."""

Progress = Callable[[int], None]
"""Told how many slices are done since it was last told."""


def bounds(number: int) -> tuple[str, str]:
    """The references of a slice: from the first, to below the second."""

    def begin(place: int) -> str:
        symbols = divmod(place, len(ALPHABET))
        return "PO-" + "".join(ALPHABET[symbol] for symbol in symbols)

    return begin(number), begin(number + 1) if number + 1 < SLICES else "PO-~"


async def broken_off(session: OperatorSession) -> Unfinished | None:
    """The last rebuild that began and has not ended, if it is not too long ago."""
    unfinished = (await history(session.log)).unfinished.values()
    rebuilds = [each for each in unfinished if each.begun.action == ACTION]
    last = max(rebuilds, key=lambda each: each.begun.occurred_at, default=None)
    return last if last and datetime.now(UTC) - last.begun.occurred_at < GOES_ON_WITHIN else None


async def requests_kept(session: OperatorSession) -> int:
    """How many requests there are, about."""
    with translate_store_errors():
        return int(await session.books.collection(OWNER, DOCUMENTS).estimated_document_count())


@dataclass(slots=True)
class Rebuilding:
    session: OperatorSession
    audit: Audit
    pace: Pace
    progress: Progress
    patience: float = PATIENCE
    _numbers: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))

    async def run(self, first: int) -> None:
        """Say every slice from `first` on. Raises OperatorError when the worker takes nothing."""
        for number in range(first, SLICES):
            await self._say(number)
            self.progress(1)
            if (number + 1) % NOTE_EVERY == 0:
                await self.audit.advanced(number + 1, SLICES)
                ARMED and reach(Failpoint.OPERATION_NOTED)

    async def _say(self, number: int) -> None:
        waiting: list[ProducerRecord] = []
        documents, older = (self.session.books.collection(OWNER, name) for name in (DOCUMENTS, OLDER))
        async for entries in said_between(documents, older, *bounds(number)):
            self.audit.counts["without-timeline"] += not entries
            waiting += [self._restated(kept) for kept in entries]
            if len(waiting) >= min(AT_ONCE, self.pace.rate):
                await self._append(waiting)
                waiting = []
        await self._append(waiting)
        self._count()

    async def _append(self, records: Sequence[ProducerRecord]) -> None:
        if not records:
            return
        after = await self.session.append(records)
        ARMED and reach(Failpoint.OPERATION_APPENDED)
        await taken(self.session.admin, GROUP, after, self.patience)
        ARMED and reach(Failpoint.OPERATION_TAKEN)
        self.audit.counts["restated"] += len(records)
        await self.pace.after(len(records))

    def _restated(self, kept: TimelineEntry) -> ProducerRecord:
        fact = _fact(kept)
        self._numbers[fact.reference].add(fact.seq)
        said = outgoing(
            fact, id=kept.id, source=OWNER, cause=kept.cause, correlation=kept.correlation, at=kept.at, traceparent=None
        )
        return ProducerRecord.of(said._replace(topic=topics.RESTATED, value=kept.value))

    def _count(self) -> None:
        """A request whose numbers do not begin with 1 said something before that was kept."""
        self.audit.counts["requests"] += len(self._numbers)
        self.audit.counts["incomplete"] += sum(1 for seen in self._numbers.values() if len(seen) < max(seen))
        self._numbers.clear()


def _fact(kept: TimelineEntry) -> LifecycleFact:
    model = events_of(topics.LIFECYCLE).get(kept.type)
    try:
        fact = model.model_validate_json(kept.value) if model else None
    except ValidationError:
        fact = None
    if not isinstance(fact, LifecycleFact):
        raise OperatorError(
            f"Intake keeps an event ({kept.type}) that this version cannot read: use the command of the version that runs."
        )
    return fact
