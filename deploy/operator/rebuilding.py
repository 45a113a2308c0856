"""Rebuild views: publish the facts that intake stores of each request again, with the same ids.

Only the gateway's worker reads that topic. It merges the facts: a fact that a view has stays, a missing one is added,
and nothing is removed. The work is split into slices by reference. The audit topic records how many slices are done,
so a later command can continue an interrupted rebuild.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from pydantic import ValidationError

from deploy.operator.audit import Audit, Unfinished, read_history
from deploy.operator.errors import OperatorError
from deploy.operator.group_progress import STALL_SECONDS, RateLimiter, wait_until_processed
from deploy.operator.session import OperatorSession
from services.common.contracts import events_of, topics
from services.common.contracts.lifecycle import LifecycleFact
from services.common.domain.identifiers import ALPHABET
from services.common.messaging.failpoints import ARMED, Failpoint, reach
from services.common.messaging.producer.batches import ProducerRecord
from services.common.messaging.records.writer import outbox_entry
from services.common.store import TimelineEntry, read_timelines, translate_store_errors

ACTION: Final = "rebuild"
GROUP: Final = "gateway-views"
OWNER, DOCUMENTS, OLDER = "intake", "requests", "timelines"
"""The database (without its prefix) that holds intake's facts, and its collections."""

SLICES: Final = len(ALPHABET) ** 2
RECORD_EVERY: Final = 16
"""Slices after which the progress is recorded."""

BATCH_SIZE: Final = 500
CONTINUE_WITHIN: Final = timedelta(days=1)
"""An older unfinished rebuild is not continued: the views of its finished slices may have been lost meanwhile."""

Progress = Callable[[int], None]
"""Called with the number of slices that are done since the last call."""


def bounds(number: int) -> tuple[str, str]:
    """The references of a slice: from the first one up to, but not including, the second one."""

    def start(slice_number: int) -> str:
        symbols = divmod(slice_number, len(ALPHABET))
        return "PO-" + "".join(ALPHABET[symbol] for symbol in symbols)

    return start(number), start(number + 1) if number + 1 < SLICES else "PO-~"


async def unfinished_rebuild(session: OperatorSession) -> Unfinished | None:
    """The last rebuild that started and has not ended, unless it is too old to continue."""
    unfinished = (await read_history(session.log)).unfinished.values()
    rebuilds = [each for each in unfinished if each.started.action == ACTION]
    last = max(rebuilds, key=lambda each: each.started.occurred_at, default=None)
    return last if last and datetime.now(UTC) - last.started.occurred_at < CONTINUE_WITHIN else None


async def count_requests(session: OperatorSession) -> int:
    """The store's estimate of the number of requests."""
    with translate_store_errors():
        return int(await session.stores.collection(OWNER, DOCUMENTS).estimated_document_count())


@dataclass(slots=True)
class ViewRebuilder:
    session: OperatorSession
    audit: Audit
    rate_limiter: RateLimiter
    progress: Progress
    stall_seconds: float = STALL_SECONDS
    _numbers: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))

    async def run(self, first: int) -> None:
        """Publish every slice from number `first` on. Raises OperatorError when the worker processes nothing."""
        for number in range(first, SLICES):
            await self._publish(number)
            self.progress(1)
            if (number + 1) % RECORD_EVERY == 0:
                await self.audit.advanced(number + 1, SLICES)
                ARMED and reach(Failpoint.OPERATION_RECORDED)

    async def _publish(self, number: int) -> None:
        batch: list[ProducerRecord] = []
        documents, older = (self.session.stores.collection(OWNER, name) for name in (DOCUMENTS, OLDER))
        async for entries in read_timelines(documents, older, *bounds(number)):
            self.audit.counts["without-timeline"] += not entries
            batch += [self._restated(entry) for entry in entries]
            if len(batch) >= min(BATCH_SIZE, self.rate_limiter.rate):
                await self._append(batch)
                batch = []
        await self._append(batch)
        self._count_requests()

    async def _append(self, records: Sequence[ProducerRecord]) -> None:
        if not records:
            return
        end_offsets = await self.session.append(records)
        ARMED and reach(Failpoint.OPERATION_APPENDED)
        await wait_until_processed(self.session.admin, GROUP, end_offsets, self.stall_seconds)
        ARMED and reach(Failpoint.OPERATION_PROCESSED)
        self.audit.counts["restated"] += len(records)
        await self.rate_limiter.wait(len(records))

    def _restated(self, entry: TimelineEntry) -> ProducerRecord:
        fact = _fact(entry)
        self._numbers[fact.reference].add(fact.seq)
        event = outbox_entry(
            fact,
            id=entry.id,
            source=OWNER,
            cause=entry.cause,
            correlation=entry.correlation,
            at=entry.at,
            traceparent=None,
        )
        return ProducerRecord.of(event._replace(topic=topics.RESTATED, value=entry.value))

    def _count_requests(self) -> None:
        """Count the requests of a slice. Incomplete ones published facts before intake stored them."""
        self.audit.counts["requests"] += len(self._numbers)
        self.audit.counts["incomplete"] += sum(1 for seen in self._numbers.values() if len(seen) < max(seen))
        self._numbers.clear()


def _fact(entry: TimelineEntry) -> LifecycleFact:
    model = events_of(topics.LIFECYCLE).get(entry.type)
    try:
        fact = model.model_validate_json(entry.value) if model else None
    except ValidationError:
        fact = None
    if not isinstance(fact, LifecycleFact):
        raise OperatorError(
            f"Intake stores an event ({entry.type}) that this version cannot read: "
            "use the command of the version that runs."
        )
    return fact
