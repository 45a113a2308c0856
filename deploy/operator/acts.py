"""An operation as a whole: recorded from its beginning to its end, and what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from deploy.operator.audit import Unfinished, Who
from deploy.operator.discarding import Discarding, GivenUp
from deploy.operator.letter_filter import LetterFilter
from deploy.operator.plan import Left, Line, Plan, plan_redrive
from deploy.operator.rebuilding import ACTION, SLICES, Rebuilding
from deploy.operator.redriving import Progress, Redriving
from deploy.operator.replaying import Replaying, Stretch
from deploy.operator.session import OperatorSession
from deploy.operator.survey import survey
from deploy.operator.taking import Pace


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many records were meant and how many have ended as they should; what is left, and why."""

    planned: int
    ended: int
    left: Sequence[Left] = ()


async def redrive(
    session: OperatorSession, who: Who, plan: Plan, rate: int, terms: Mapping[str, str], progress: Progress
) -> Outcome:
    """Bring back what is planned. Raises OperatorError."""
    async with session.operation(who, "redrive", plan.count, terms) as audit:
        work = Redriving(session, audit, Pace(rate), progress)
        lines: Sequence[Line] = plan.lines
        while lines:
            await work.run(lines)
            lines = await _came_meanwhile(session, lines, work.left)
        audit.counts["left"] += sum(len(left.line.letters) for left in work.left)
    return Outcome(plan.count, audit.counts["redriven"], [*plan.left, *work.left])


async def _came_meanwhile(session: OperatorSession, lines: Sequence[Line], left: Sequence[Left]) -> Sequence[Line]:
    """What was parked behind a document before it was freed: it waits for nothing any more but to be brought back."""
    given_up = {(each.group, each.key) for one in left for each in one.line.documents}
    documents = [each for line in lines for each in line.documents if (each.group, each.key) not in given_up]
    waiting = {(each.group, each.key) for each in await session.books.still_blocked(documents)}
    if not waiting:
        return ()
    found = (await survey(session, LetterFilter())).lines
    late = [line for line in found if any((each.group, each.key) in waiting for each in line.documents)]
    return plan_redrive(late, datetime.now(UTC), None).lines


async def discard(
    session: OperatorSession, who: Who, planned: Sequence[GivenUp], terms: Mapping[str, str], progress: Progress
) -> Outcome:
    """Give up what is planned. Raises OperatorError."""
    async with session.operation(who, "discard", len(planned), terms) as audit:
        work = Discarding(session, audit, progress)
        await work.run(planned)
        audit.counts["left"] += len(work.left)
    return Outcome(len(planned), audit.counts["discarded"], work.left)


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many records were appended once more and taken, and what was left out, by a key of `LEFT_OUT`."""

    taken: int
    left_out: Mapping[str, int]


async def replay(
    session: OperatorSession,
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
    async with session.operation(who, "replay", stretch.records, terms) as audit:
        work = Replaying(session, audit, Pace(rate), progress, mail, most)
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
    session: OperatorSession, who: Who, before: Unfinished | None, *, requests: int, rate: int, progress: Progress
) -> Rebuilt:
    """Say what intake keeps again, or what is left of a rebuild that broke off `before`. Raises OperatorError."""
    first = before.done if before else 0
    operation = before.begun.operation_id if before else None
    async with session.operation(who, ACTION, requests, {"from": f"{first} of {SLICES}"}, operation) as audit:
        await Rebuilding(session, audit, Pace(rate), progress).run(first)
    counts = audit.counts
    return Rebuilt(counts["requests"], counts["restated"], counts["incomplete"] + counts["without-timeline"])


async def reveal(session: OperatorSession, who: Who, letter: str) -> None:
    """Record that somebody looks at what a letter holds."""
    async with session.operation(who, "reveal", 1, {"letter": letter}):
        pass
