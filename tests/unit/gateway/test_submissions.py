"""Repetitions of one submission: they count for no limit, so they append nothing either."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple, cast

import pytest

from gateway.accounts.domain import Session
from gateway.limits.accounts import AccountLimit, Allowance
from gateway.limits.concurrency import KeyedLimit
from gateway.requests.domain import fingerprint
from gateway.requests.queries import RequestQueries
from gateway.requests.receipts import IssuedReceipts
from gateway.requests.request_command import RequestCommand
from gateway.requests.schemas import NewRequest
from gateway.requests.submissions import SUBMITS_OF_ONE_ACCOUNT, SubmissionService
from services.common.http import problem_types
from services.common.http.problems import Problem
from tests.unit.gateway.builders import BODY, session

PERSON = session()
KEY = "0123456789abcdef"
BURST = 2


class Appended(NamedTuple):
    at: datetime


class Log:
    """The broker: acknowledges every record."""

    def __init__(self) -> None:
        self.records: list[Any] = []

    async def append(self, records: Sequence[Any]) -> list[Appended]:
        self.records += records
        return [Appended(datetime.now(UTC)) for _ in records]


class Views:
    """The store: no request is filed yet."""

    def __init__(self) -> None:
        self.reads = 0

    async def find(self, reference: str) -> None:
        self.reads += 1

    async def wait(self, session: Session, amounts: Mapping[str, int]) -> float:
        return 0.0


def submissions(log: Log, views: Views) -> SubmissionService:
    allowances = {"P": Allowance(60, BURST), "E": Allowance(60, BURST)}
    unused = cast("Any", None)
    return SubmissionService(
        documents=unused,
        publisher=cast("Any", log),
        queries=RequestQueries(cast("Any", views), IssuedReceipts(), b"c" * 32),
        account_limit=AccountLimit("requests", allowances, views),  # type: ignore[arg-type]
        places=KeyedLimit("submits-of-one-account", SUBMITS_OF_ONE_ACCOUNT),
        id_secret=b"i" * 32,
        receipt_secret=b"c" * 32,
    )


def command(key: str = KEY, **changes: str) -> RequestCommand[NewRequest]:
    body = BODY | changes
    return RequestCommand(PERSON, key, NewRequest.model_validate(body), fingerprint(body), "pt", None)


async def test_a_repetition_has_the_same_receipt_and_appends_nothing() -> None:
    log, views = Log(), Views()
    service = submissions(log, views)
    receipts = [await service.submit(command()) for _ in range(100)]
    assert len(set(receipts)) == 1
    assert (len(log.records), views.reads) == (1, 0)


async def test_a_repetition_whose_receipt_is_forgotten_is_appended_again() -> None:
    log = Log()
    service = submissions(log, Views())
    first = await service.submit(command())
    service.queries = replace(service.queries, issued=IssuedReceipts())
    assert (await service.submit(command())).reference == first.reference
    assert len(log.records) == 2


async def test_another_body_under_a_used_key_reads_no_store_even_over_the_limit() -> None:
    log, views = Log(), Views()
    service = submissions(log, views)
    for number in range(BURST):
        await service.submit(command(f"{KEY}{number}"))
    for number in range(20):
        with pytest.raises(Problem) as refused:
            await service.submit(command(f"{KEY}0", description=f"Outra coisa {number}."))
        assert refused.value.kind is problem_types.KEY_REUSED
    assert (len(log.records), views.reads) == (BURST, 0)
