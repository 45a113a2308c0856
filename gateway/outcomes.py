"""Counts how filings and acts were answered, refusals before the endpoint included."""

from typing import Final

from prometheus_client import Counter
from starlette.types import Scope

from services.common.telemetry.metrics import ACTS, SUBMITS

_SUBMIT: Final = ("POST", "/v1/requests")
_ACTS: Final = {
    ("POST", "/v1/requests/{reference}/messages"): "message",
    ("POST", "/v1/requests/{reference}/withdrawal"): "withdrawal",
}


def count_outcome(scope: Scope, status: int) -> None:
    """An observer of `RequestMiddleware`: `postigo_submits_total` and `postigo_acts_total` by status."""
    if (counter := _counter(scope, status)) is not None:
        counter.inc()


def _counter(scope: Scope, status: int) -> Counter | None:
    # A refusal by admission control has no route yet: then the path is the pattern.
    route = scope["method"], str(getattr(scope.get("route"), "path", scope["path"]))
    if route == _SUBMIT:
        return SUBMITS.labels(str(status))
    act = _ACTS.get(route)
    return ACTS.labels(act, str(status)) if act else None
