"""The rows, by their number in the goals."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final, NamedTuple

from deploy.local.tier import Tier
from tests.bench.figures import Figure
from tests.bench.rows import (
    backlog,
    capacity,
    finding,
    hops,
    live,
    memory,
    overload,
    pages,
    restart,
    routing,
    submit,
    uploads,
)


class Row(NamedTuple):
    """`measure` takes the engines' tier and the number of rounds."""

    what: str
    measure: Callable[[Tier, int], Coroutine[Any, Any, list[Figure]]]


ROWS: Final[Mapping[str, Row]] = {
    "P1": Row("submits per core, beside FastAPI with one plain send", submit.per_core),
    "P3": Row("latency of a submit with one client, beside the same", submit.latency),
    "P4": Row("submit to department's inbox, beside two hops with a journaled insert in each", hops.latency),
    "P5": Row("routing's messages per core, beside a plain consumer", routing.per_core),
    "P6": Row("submit to department's inbox, beside another group's backlog", backlog.beside_a_backlog),
    "P7": Row("what tracing adds to a submit", submit.tracing),
    "P8": Row("uploads through the gateway, beside the store's own client", uploads.throughput),
    "P9": Row("the page of a request with fifty entries, beside the same data as JSON", pages.latency),
    "P10": Row("how long uploads delay other requests", uploads.stalls),
    "P11": Row("memory of each process, beside its imports alone", memory.resident),
    "P12": Row("fact to a thousand live streams, beside one that reads nothing", live.latency),
    "P13": Row("lists and searches of own requests among a million, beside one read by its reference", finding.reads),
    "P14": Row("what the whole system carries, with all processes and engines", capacity.capacity),
    "R4": Row(
        "time from a killed broker's return to the next request in its department's inbox", restart.after_a_restart
    ),
    "R8": Row("ten times as many callers as the gateway serves at once", overload.overload),
}
