"""One id, several records: the same command again is a repetition, any other one is refused."""

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from services.common.contracts.departments import CommandRejected
from services.common.messaging.handlers.aggregate import Outcome
from services.common.messaging.records.reader import read
from services.common.store import Document
from services.routing.domain import Assignment
from services.routing.handlers import assignments
from tests.unit.departments.test_unreadable_commands import data, record, with_header


def sent(kind: str, **changes: Any) -> Any:
    return read(record(data(**changes), with_header("ce_type", f"pt.postigo.assignment.{kind}.v1".encode())))


def decided(first: Any) -> Document[Assignment]:
    return assignments.fold(Document("r"), [first]).change.after


@pytest.mark.parametrize(("first", "second"), list(permutations(["hear", "answer", "resolve", "reject"], 2)))
def test_another_command_with_the_same_id_and_the_same_data_is_refused_and_not_dropped(first: str, second: str) -> None:
    fold = assignments.fold(decided(sent(first)), [sent(second), sent(second)])
    assert fold.outcomes == [Outcome.REFUSED, Outcome.DUPLICATE]
    (entry,) = fold.change.new_events
    assert CommandRejected.model_validate_json(entry.value).code == "id-reused"


@pytest.mark.parametrize("kind", ["hear", "answer", "resolve", "reject"])
def test_a_command_that_an_older_version_decided_is_a_repetition(kind: str) -> None:
    document = decided(sent(kind))
    (entry,) = document.inbox
    document.inbox = (stored_by_an_older_version(entry),)
    assert assignments.fold(replace(document), [sent(kind)]).outcomes == [Outcome.DUPLICATE]


def stored_by_an_older_version(entry: Any) -> Any:
    """The entry as older versions stored it: eight bytes, of the value alone."""
    return entry._replace(digest=entry.digest[:8])
