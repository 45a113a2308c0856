"""The operations of an operator, each recorded on the audit topic from start to end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from deploy.operator.audit import Actor, Unfinished
from deploy.operator.discarding import Discarder, PlannedDiscard
from deploy.operator.group_progress import RateLimiter
from deploy.operator.letter_filter import LetterFilter
from deploy.operator.plan import LetterQueue, Plan, SkippedQueue, plan_redrive
from deploy.operator.rebuilding import ACTION, SLICES, ViewRebuilder
from deploy.operator.redriving import Progress, Redriver
from deploy.operator.replaying import Replayer, ReplayRange
from deploy.operator.session import OperatorSession
from deploy.operator.survey import survey


@dataclass(frozen=True, slots=True)
class Outcome:
    """Numbers of records: `planned`, and `ended` as planned. `left`: the queues that were skipped, and why."""

    planned: int
    ended: int
    left: Sequence[SkippedQueue] = ()


async def redrive(
    session: OperatorSession, actor: Actor, plan: Plan, rate: int, terms: Mapping[str, str], progress: Progress
) -> Outcome:
    """Redrive the planned dead letters, and the records parked behind them meanwhile. Raises OperatorError."""
    async with session.operation(actor, "redrive", plan.count, terms) as audit:
        redriver = Redriver(session, audit, RateLimiter(rate), progress)
        queues: Sequence[LetterQueue] = plan.queues
        while queues:
            await redriver.run(queues)
            queues = await _parked_meanwhile(session, queues, redriver.skipped)
        audit.counts["left"] += sum(len(skipped.queue.letters) for skipped in redriver.skipped)
    return Outcome(plan.count, audit.counts["redriven"], [*plan.skipped, *redriver.skipped])


async def _parked_meanwhile(
    session: OperatorSession, queues: Sequence[LetterQueue], skipped: Sequence[SkippedQueue]
) -> Sequence[LetterQueue]:
    """Plan the records that were parked behind a blocked document after the plan was made.

    The record that blocked the document has been redriven, so only a redrive can bring these back.
    """
    stuck = {(document.group, document.key) for each in skipped for document in each.queue.documents}
    documents = [each for queue in queues for each in queue.documents if (each.group, each.key) not in stuck]
    blocked = {(each.group, each.key) for each in await session.stores.still_blocked(documents)}
    if not blocked:
        return ()
    surveyed = await survey(session, LetterFilter())
    late = [queue for queue in surveyed.queues if any((each.group, each.key) in blocked for each in queue.documents)]
    return plan_redrive(late, datetime.now(UTC), None).queues


async def discard(
    session: OperatorSession,
    actor: Actor,
    planned: Sequence[PlannedDiscard],
    terms: Mapping[str, str],
    progress: Progress,
) -> Outcome:
    """Discard the planned dead letters. Raises OperatorError."""
    async with session.operation(actor, "discard", len(planned), terms) as audit:
        discarder = Discarder(session, audit, progress)
        await discarder.run(planned)
        audit.counts["left"] += len(discarder.skipped)
    return Outcome(len(planned), audit.counts["discarded"], discarder.skipped)


@dataclass(frozen=True, slots=True)
class Replayed:
    """Numbers of records: `processed` once more by the group, and `left_out` by a key of `LEFT_OUT`."""

    processed: int
    left_out: Mapping[str, int]


async def replay(
    session: OperatorSession,
    actor: Actor,
    replay_range: ReplayRange,
    rate: int,
    terms: Mapping[str, str],
    progress: Progress,
    *,
    mail: bool,
    most: int | None = None,
) -> Replayed:
    """Let the group process the range once more, without notifications unless `mail`. Raises OperatorError."""
    async with session.operation(actor, "replay", replay_range.records, terms) as audit:
        replayer = Replayer(session, audit, RateLimiter(rate), progress, mail, most)
        await replayer.run(replay_range)
        audit.counts.update({f"left-out-{reason}": number for reason, number in replayer.left_out.items()})
    return Replayed(audit.counts["replayed"], replayer.left_out)


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """How many facts of how many requests were published again. `incomplete`: requests whose facts were not all stored."""

    requests: int
    facts: int
    incomplete: int


async def rebuild(
    session: OperatorSession,
    actor: Actor,
    unfinished: Unfinished | None,
    *,
    requests: int,
    rate: int,
    progress: Progress,
) -> Rebuilt:
    """Publish the facts that intake stores again, or the rest of them when a rebuild is `unfinished`.

    Raises OperatorError.
    """
    first = unfinished.done if unfinished else 0
    operation = unfinished.started.operation_id if unfinished else None
    async with session.operation(actor, ACTION, requests, {"from": f"{first} of {SLICES}"}, operation) as audit:
        await ViewRebuilder(session, audit, RateLimiter(rate), progress).run(first)
    counts = audit.counts
    return Rebuilt(counts["requests"], counts["restated"], counts["incomplete"] + counts["without-timeline"])


async def reveal(session: OperatorSession, actor: Actor, letter: str) -> None:
    """Record on the audit topic that the actor reads the content of a dead letter."""
    async with session.operation(actor, "reveal", 1, {"letter": letter}):
        pass
