"""What becomes of a request: every step of its life, once each, to its end."""

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
"""What happens to every request, once each, unless its author withdraws it in time."""

STEPS_IF_WITHDRAWN: Final[tuple[type[LifecycleFact], ...]] = (RequestRegistered, RequestWithdrawn)


@clause(Harm.LOST)
def every_fact_in_the_book_is_said(history: History) -> Iterator[Violation]:
    """Intake numbers what happens to a request: each number up to the last is a fact that everybody can read."""
    for key, submission in history.by_request.items():
        book = history.document("intake", submission.reference)
        said = {record.fact.seq for record in history.life(key)}
        missing = set(range(1, book.state["seq"] + 1)) - said if book and book.state else set()
        if missing:
            yield Violation(f"{submission.name}: facts {', '.join(map(str, sorted(missing)))} were never said", key)


@clause(Harm.LOST)
def every_request_reaches_its_end(history: History) -> Iterator[Violation]:
    """What is to become of it is known beforehand, and so is every step on the way."""
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
            yield Violation(f"{submission.name}: withdrawn, and answered or concluded all the same", key)


CLAUSES: Final[tuple[Clause, ...]] = (
    every_fact_in_the_book_is_said,
    every_request_reaches_its_end,
    no_request_takes_a_step_twice_or_ends_twice,
)
