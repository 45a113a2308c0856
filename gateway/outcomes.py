"""Counts the responses to submissions and acts by status, including rejections before the endpoint."""

from typing import Final

from prometheus_client import Counter
from starlette.types import Scope

from services.common.telemetry.metrics import ACTS, SUBMITS

_SUBMITS: Final = frozenset({("POST", "/v1/requests"), ("POST", "/v1/drafts/{draft_id}/submission")})
_ACTS: Final = {
    ("POST", "/v1/requests/{reference}/messages"): "message",
    ("POST", "/v1/requests/{reference}/withdrawal"): "withdrawal",
    ("POST", "/v1/requests/{reference}/reopening"): "reopening",
    ("POST", "/v1/requests/{reference}/rating"): "rating",
}


def count_outcome(scope: Scope, status: int) -> None:
    """The observer of `RequestMiddleware`: counts `postigo_submits_total` and `postigo_acts_total` by status."""
    if (counter := _counter(scope, status)) is not None:
        counter.inc()


def _counter(scope: Scope, status: int) -> Counter | None:
    # Admission control rejects before routing. Then `scope` has no route, and the path itself is the key.
    route = scope["method"], str(getattr(scope.get("route"), "path", scope["path"]))
    if route in _SUBMITS:
        return SUBMITS.labels(str(status))
    act = _ACTS.get(route)
    return ACTS.labels(act, str(status)) if act else None
