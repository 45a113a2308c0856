"""Prometheus metrics that every process has."""

from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, generate_latest
from starlette.requests import Request
from starlette.responses import Response

RECORDS: Final = Counter("postigo_records_total", "Records by outcome.", ["group", "end"])
LAG: Final = Gauge("postigo_consumer_lag_records", "Unprocessed records in the assigned partitions.", ["group"])
SUBMITS: Final = Counter("postigo_submits_total", "Requests submitted, by HTTP status.", ["status"])
ACTS: Final = Counter(
    "postigo_acts_total",
    "Acts on requests, by act and HTTP status.",
    ["act", "status"],
)
REJECTED: Final = Counter(
    "postigo_turned_away_total", "HTTP requests rejected with 503 because too many were in progress.", ["what"]
)
DELIVERIES: Final = Counter("postigo_deliveries_total", "Deliveries by channel and final state.", ["channel", "state"])

STREAMS: Final = Gauge("postigo_live_streams", "Open streams of live updates.")
STREAMS_ENDED: Final = Counter(
    "postigo_live_streams_ended_total", "Streams of live updates by why they ended.", ["because"]
)


def count_records(group: str, outcome: str, count: int) -> None:
    """Count `count` records of `group` with this outcome: applied, duplicate, refused, dead-lettered or answered."""
    RECORDS.labels(group, outcome).inc(count)


async def expose(request: Request) -> Response:
    """`GET /metrics`."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
