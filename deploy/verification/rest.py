"""Wait until the system is idle and every clause holds, or until the time is over."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final

from deploy.verification.evidence import Lag
from deploy.verification.history import History
from deploy.verification.verdicts import LASTING, Clause, Verdict, judge

POLL_SECONDS: Final = 1.0

Look = Callable[[], Awaitable[tuple[int, Sequence[Lag]]]]
Collect = Callable[[Sequence[Lag]], Awaitable[History]]


async def at_rest(
    look: Look, collect: Collect, clauses: Iterable[Clause], *, within: float, still_for: float
) -> tuple[History, Sequence[Verdict]]:
    """Returns the final history and its verdicts. `look` returns the number of new records, and the lags.

    `within`: seconds after which the waiting ends. `still_for`: it also ends after so many seconds without a new record;
    what is missing then counts as lost.
    """
    clauses = tuple(clauses)
    deadline = time.monotonic() + within
    moved = time.monotonic()
    while True:
        new, lags = await look()
        quiet = new == 0 and not lags
        moved = moved if quiet else time.monotonic()
        over = time.monotonic() > min(deadline, moved + still_for)
        if over or quiet:
            history = await collect(lags)
            verdicts = judge(history, clauses)
            broken = {verdict.clause.harm for verdict in verdicts if not verdict.held}
            if over or not broken or broken & LASTING:
                return history, verdicts
        await asyncio.sleep(POLL_SECONDS)
