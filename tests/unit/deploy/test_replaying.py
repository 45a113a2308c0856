"""What a replay leaves out: records that the group would dead-letter, and tell their author about."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka import ConsumerRecord, TopicPartition

from deploy.operator.audit import Audit
from deploy.operator.group_progress import RateLimiter
from deploy.operator.replaying import Replayer, ReplayRange
from deploy.operator.session import OperatorSession
from services.common.messaging.records.redrive import Redrives
from tests.unit.departments.test_unreadable_commands import HEADERS, OUTBOX, data, record, without

RANGE = ReplayRange(OUTBOX, "routing", {TopicPartition(OUTBOX, 3): (0, 100)})


def copies(raw: ConsumerRecord[bytes, bytes]) -> tuple[int, dict[str, int]]:
    """How many copies a replay makes of the record, and what it leaves out."""
    raw.timestamp = round(datetime.now(UTC).timestamp() * 1000)
    session = cast(OperatorSession, SimpleNamespace(redrives=Redrives(b"secret")))
    replayer = Replayer(session, cast(Audit, None), cast(RateLimiter, None), lambda _: None)
    return len(list(replayer._copy(raw, RANGE, set()))), dict(replayer.left_out)


def test_a_command_is_replayed() -> None:
    assert copies(record()) == (1, {})


@pytest.mark.parametrize(
    "flaw",
    [
        {"headers": without("ce_specversion")},
        {"headers": without("ce_source")},
        {"headers": [*HEADERS.items(), ("ce_id", b"other")]},
        {"value": data(text="\u200b")},
        {"value": b"{"},
        {"value": None},
        {"key": None},
    ],
)
def test_what_this_version_cannot_read_is_left_out_also_if_an_older_one_applied_it(flaw: dict[str, Any]) -> None:
    assert copies(record(**flaw)) == (0, {"unreadable": 1})
