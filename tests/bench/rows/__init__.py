"""The rows, by the number they have in the goals."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final, NamedTuple

from deploy.local.tier import Tier
from tests.bench.figures import Figure
from tests.bench.rows import backlog, hops, memory, overload, restart, routing, submit, uploads, whole


class Row(NamedTuple):
    """`measure` takes the engines' tier and the number of rounds."""

    what: str
    measure: Callable[[Tier, int], Coroutine[Any, Any, list[Figure]]]


ROWS: Final[Mapping[str, Row]] = {
    "P1": Row("submits per core, beside FastAPI with one bare send", submit.per_core),
    "P3": Row("how long one client waits for a submit, beside the same", submit.latency),
    "P4": Row("from a submit to its department's inbox, beside two bare hops", hops.latency),
    "P5": Row("routing's messages per core, beside a bare consumer", routing.per_core),
    "P6": Row("submit to department beside another group's backlog", backlog.beside_a_backlog),
    "P7": Row("what tracing adds to a submit", submit.tracing),
    "P8": Row("files through the gateway, beside the store's own client", uploads.throughput),
    "P10": Row("how long uploads keep everybody else waiting", uploads.stalls),
    "P11": Row("memory of each process, beside its imports alone", memory.resident),
    "P14": Row("what the whole system carries, every process and engine together", whole.capacity),
    "R4": Row(
        "the broker is killed and comes back: until the next request is with its department", restart.after_a_restart
    ),
    "R8": Row("ten times the callers that the gateway serves at once", overload.overload),
}
