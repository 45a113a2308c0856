"""Prometheus metrics that every process has."""

from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, generate_latest
from starlette.requests import Request
from starlette.responses import Response

RECORDS: Final = Counter("postigo_records_total", "Records by how they ended.", ["group", "end"])
LAG: Final = Gauge("postigo_consumer_lag_records", "Records waiting on the partitions held.", ["group"])
SUBMITS: Final = Counter(
    "postigo_submits_total", "Requests filed, by the HTTP status they were answered with.", ["status"]
)
ACTS: Final = Counter(
    "postigo_acts_total",
    "Acts of people, by what was done and the HTTP status it was answered with.",
    ["act", "status"],
)
TURNED_AWAY: Final = Counter(
    "postigo_turned_away_total", "Requests answered 503 because as many were being served as are at once.", ["what"]
)
DELIVERIES: Final = Counter("postigo_deliveries_total", "Notices by channel and how they ended.", ["channel", "state"])


def ended(group: str, end: str, count: int) -> None:
    """Count `count` records of `group` that ended as `end`: applied, duplicate, refused or dead-lettered."""
    RECORDS.labels(group, end).inc(count)


async def expose(request: Request) -> Response:
    """`GET /metrics`."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
