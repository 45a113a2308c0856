"""An operation as a whole: recorded from its beginning to its end, and what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from deploy.operator.audit import Unfinished, Who
from deploy.operator.discarding import Discarding, GivenUp
from deploy.operator.hand import Hand
from deploy.operator.plan import Left, Plan
from deploy.operator.rebuilding import ACTION, SLICES, Rebuilding
from deploy.operator.redriving import Progress, Redriving
from deploy.operator.replaying import Replaying, Stretch
from deploy.operator.taking import Pace


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many records were meant and how many have ended as they should; what is left, and why."""

    planned: int
    ended: int
    left: Sequence[Left] = ()


async def redrive(hand: Hand, who: Who, plan: Plan, rate: int, terms: Mapping[str, str], progress: Progress) -> Outcome:
    """Bring back what is planned. Raises OperatorError."""
    async with hand.operation(who, "redrive", plan.count, terms) as audit:
        work = Redriving(hand, audit, Pace(rate), progress)
        await work.run(plan.lines)
        audit.counts["left"] += sum(len(left.line.letters) for left in work.left)
    return Outcome(plan.count, audit.counts["redriven"], [*plan.left, *work.left])


async def discard(
    hand: Hand, who: Who, planned: Sequence[GivenUp], terms: Mapping[str, str], progress: Progress
) -> Outcome:
    """Give up what is planned. Raises OperatorError."""
    async with hand.operation(who, "discard", len(planned), terms) as audit:
        work = Discarding(hand, audit, progress)
        await work.run(planned)
        audit.counts["left"] += len(work.left)
    return Outcome(len(planned), audit.counts["discarded"], work.left)


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many records were appended once more and taken, and what was left out, by a key of `LEFT_OUT`."""

    taken: int
    left_out: Mapping[str, int]


async def replay(
    hand: Hand,
    who: Who,
    stretch: Stretch,
    rate: int,
    terms: Mapping[str, str],
    progress: Progress,
    *,
    mail: bool,
    most: int | None = None,
) -> Replayed:
    """Let the group take the stretch once more; nobody is told of it unless `mail`. Raises OperatorError."""
    async with hand.operation(who, "replay", stretch.records, terms) as audit:
        work = Replaying(hand, audit, Pace(rate), progress, mail, most)
        await work.run(stretch)
        audit.counts.update({f"left-out-{because}": number for because, number in work.left_out.items()})
    return Replayed(audit.counts["replayed"], work.left_out)


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """How many facts of how many requests were said again; `incomplete` are requests of which not all was kept."""

    requests: int
    facts: int
    incomplete: int


async def rebuild(
    hand: Hand, who: Who, before: Unfinished | None, *, requests: int, rate: int, progress: Progress
) -> Rebuilt:
    """Say what intake keeps again, or what is left of a rebuild that broke off `before`. Raises OperatorError."""
    first = before.done if before else 0
    operation = before.begun.operation_id if before else None
    async with hand.operation(who, ACTION, requests, {"from": f"{first} of {SLICES}"}, operation) as audit:
        await Rebuilding(hand, audit, Pace(rate), progress).run(first)
    counts = audit.counts
    return Rebuilt(counts["requests"], counts["restated"], counts["incomplete"] + counts["without-timeline"])


async def reveal(hand: Hand, who: Who, letter: str) -> None:
    """Record that somebody looks at what a letter holds."""
    async with hand.operation(who, "reveal", 1, {"letter": letter}):
        pass
