"""The life of a request: every step once, and an allowed end."""

from collections.abc import Iterator
from typing import Final

from deploy.verification.evidence import short
from deploy.verification.history import History
from deploy.verification.verdicts import Clause, Harm, Violation, clause
from services.common.contracts.lifecycle import (
    LifecycleFact,
    RequestAnswered,
    RequestConcluded,
    RequestInAnalysis,
    RequestRegistered,
    RequestRouted,
    RequestWithdrawn,
    State,
)

STEPS: Final[tuple[type[LifecycleFact], ...]] = (
    RequestRegistered,
    RequestRouted,
    RequestInAnalysis,
    RequestAnswered,
    RequestConcluded,
)
"""The steps of every request that is not withdrawn in time, each exactly once."""

STEPS_IF_WITHDRAWN: Final[tuple[type[LifecycleFact], ...]] = (RequestRegistered, RequestWithdrawn)


@clause(Harm.LOST)
def every_stored_fact_is_published(history: History) -> Iterator[Violation]:
    """Intake numbers the facts of a request: each number up to the stored one is a published fact."""
    for key, submission in history.by_request.items():
        stored = history.document("intake", submission.reference)
        published = {record.fact.seq for record in history.life(key)}
        missing = set(range(1, stored.state["seq"] + 1)) - published if stored and stored.state else set()
        if missing:
            numbers = ", ".join(map(str, sorted(missing)))
            yield Violation(f"{submission.name}: facts {numbers} were never published", key)


@clause(Harm.LOST)
def every_request_reaches_its_end(history: History) -> Iterator[Violation]:
    """The allowed ends are known beforehand, and so are the steps to them."""
    for key, submission in history.by_request.items():
        life = history.life(key)
        last = max(life, key=lambda record: record.fact.seq).fact.state if life else State.RECEIVED
        if last not in submission.ends:
            wanted = " or ".join(sorted(submission.ends))
            yield Violation(f"{submission.name}: should be {wanted}, and is {last}", key)
            continue
        for kind in STEPS_IF_WITHDRAWN if last is State.WITHDRAWN else STEPS:
            if not history.about(key, kind):
                yield Violation(f"{submission.name}: is {last}, and there is no {short(kind)}", key)


@clause(Harm.DOUBLED)
def no_request_takes_a_step_twice_or_ends_twice(history: History) -> Iterator[Violation]:
    for key, submission in history.by_request.items():
        for kind in {*STEPS, *STEPS_IF_WITHDRAWN}:
            if (times := len(history.about(key, kind))) > 1:
                yield Violation(f"{submission.name}: {short(kind)} {times} times", key)
        if history.about(key, RequestWithdrawn) and history.about(key, RequestAnswered, RequestConcluded):
            yield Violation(f"{submission.name}: withdrawn, and also answered or concluded", key)


CLAUSES: Final[tuple[Clause, ...]] = (
    every_stored_fact_is_published,
    every_request_reaches_its_end,
    no_request_takes_a_step_twice_or_ends_twice,
)
