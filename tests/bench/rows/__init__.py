"""The rows, by the number they have in the goals."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final, NamedTuple

from deploy.local.tier import Tier
from tests.bench.figures import Figure
from tests.bench.rows import overload, routing, submit, whole


class Row(NamedTuple):
    """`measure` takes the engines' tier and the number of rounds."""

    what: str
    measure: Callable[[Tier, int], Coroutine[Any, Any, list[Figure]]]


ROWS: Final[Mapping[str, Row]] = {
    "P1": Row("submits per core, beside FastAPI with one bare send", submit.per_core),
    "P3": Row("how long one client waits for a submit, beside the same", submit.latency),
    "P5": Row("routing's messages per core, beside a bare consumer", routing.per_core),
    "P7": Row("what tracing adds to a submit", submit.tracing),
    "P14": Row("what the whole system carries, every process and engine together", whole.capacity),
    "R8": Row("ten times the callers that the gateway serves at once", overload.overload),
}
