"""Retries of a submission or an act, also through a gateway of another version."""

from collections.abc import Callable
from typing import Any

import pytest

from services.common.messaging import Outcome
from services.common.store import Document
from services.intake.domain import Request
from services.intake.handlers import requests_by
from tests.unit.intake.builders import Calendars, rated, reopened, replied, submitted, withdrawn

Record = Callable[..., Any]


def with_other_bytes(record: Any) -> Any:
    """The record as a gateway of another version writes it: the same id and meaning, one more field."""
    return record._replace(digest=b"another")


@pytest.mark.parametrize("record", [submitted, replied, reopened, withdrawn, rated])
def test_a_retry_with_other_bytes_changes_nothing_and_is_no_dead_letter(record: Record) -> None:
    requests = requests_by(Calendars())
    first = record()
    registered = requests.fold(Document[Request]("r"), [submitted()]).change.after
    before = requests.fold(registered, [first]).change.after
    retried = requests.fold(before, [with_other_bytes(first), with_other_bytes(first)])
    assert retried.outcomes == [Outcome.APPLIED, Outcome.DUPLICATE]
    assert retried.change.after.state == before.state
    assert retried.change.new_events == []
