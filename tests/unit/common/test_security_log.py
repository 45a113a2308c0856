"""Security events: counted each, logged without a flood and without personal data."""

from uuid import UUID

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from services.common.telemetry.security import KINDS, REPEATED_AFTER, Kind, SecurityLog
from tests.unit.gateway.builders import Clock

ACCOUNT = UUID(int=7)


def counted(kind: Kind) -> float:
    return REGISTRY.get_sample_value("postigo_security_events_total", {"kind": kind}) or 0.0


@pytest.mark.parametrize("kind", KINDS)
def test_an_event_is_one_line_and_one_count(kind: Kind) -> None:
    before = counted(kind)
    with capture_logs() as lines:
        SecurityLog(Clock()).report(kind, "because", account=ACCOUNT, address="192.0.2.77", sessions=3)
    about = {"because": "because", "account": str(ACCOUNT), "network": "192.0.2.0/24", "sessions": 3}
    assert lines == [{"event": "security", "kind": kind, "log_level": "warning", **about}]
    assert counted(kind) == before + 1


def test_equal_events_are_all_counted_and_logged_once_in_a_while() -> None:
    clock = Clock()
    security, before = SecurityLog(clock), counted("limit-reached")
    with capture_logs() as lines:
        for _ in range(100):
            security.report("limit-reached", "requests", account=ACCOUNT)
        clock.now += REPEATED_AFTER
        security.report("limit-reached", "requests", account=ACCOUNT)
    assert counted("limit-reached") == before + 101
    assert [line.get("repeated") for line in lines] == [None, 99]


@pytest.mark.parametrize(
    "other",
    [
        {"kind": "sign-in-refused"},
        {"because": "acts"},
        {"account": UUID(int=8)},
        {"address": "198.51.100.1"},
        {"address": "2001:db8::1"},
    ],
)
def test_different_events_do_not_hide_each_other(other: dict[str, object]) -> None:
    security = SecurityLog(Clock())
    event = {"kind": "limit-reached", "because": "requests", "account": ACCOUNT, "address": "192.0.2.1"}
    with capture_logs() as lines:
        for each in (event, event, event | other):
            security.report(**each)  # type: ignore[arg-type]
    assert len(lines) == 2
