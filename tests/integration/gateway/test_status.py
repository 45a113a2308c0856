"""What works is said within ten seconds, by the address that needs no session, and costs its readers nothing."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import pytest

from gateway.status.domain import State
from services.common.contracts import topics as names
from services.common.domain.identifiers import reference_of
from services.common.messaging.records.writer import attributes
from tests.integration.gateway.gateway_environment import GatewayEnvironment, Person
from tests.support import topics
from tests.support.waiting import eventually
from tests.unit.gateway.builders import registered

SAID_WITHIN: Final = 10.0
"""Seconds from the failure to the word."""

READERS: Final = 200


async def status(gateway: GatewayEnvironment, language: str = "en") -> dict[str, Any]:
    answer = await gateway.http.get("/v1/status", headers={"Accept-Language": language})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def part(gateway: GatewayEnvironment, name: str) -> dict[str, Any]:
    parts = (await status(gateway))["parts"]
    return next(each for each in parts if each["part"] == name)


def says(gateway: GatewayEnvironment, **expected: State) -> Callable[[], Awaitable[bool]]:
    """Whether these parts are in these states."""

    async def compare() -> bool:
        found = {each["part"].replace("-", "_"): each["state"] for each in (await status(gateway))["parts"]}
        assert {name: found[name] for name in expected} == expected
        return True

    return compare


WORKS: Final[dict[str, State]] = {
    "filing": "working",
    "reading": "working",
    "uploading": "working",
    "sign_in": "working",
}


async def test_each_part_says_how_it_is_since_when_and_when_it_was_checked(
    gateway: GatewayEnvironment, person: Person
) -> None:
    assert (await person.file()).status_code == 201
    await eventually(says(gateway, **WORKS), within=60)
    found = await status(gateway, "pt")
    assert [each["part"] for each in found["parts"]] == ["filing", "reading", "uploading", "notices", "sign-in"]
    for each in found["parts"]:
        assert datetime.fromisoformat(each["since"]) <= datetime.now(UTC)
        assert each["text"].endswith(".")
    assert found["parts"][0]["name"] == "Enviar pedidos e mensagens"
    checked = [datetime.fromisoformat(each["checked_at"]) for each in found["parts"] if each["state"] == "working"]
    assert all((datetime.now(UTC) - each).total_seconds() < SAID_WITHIN + 10 for each in checked)


@pytest.mark.parametrize(
    ("engine", "failed"),
    [
        ("kafka", {"filing": "not-working"}),
        ("mongo", {"reading": "not-working", "sign_in": "not-working"}),
        ("documents", {"uploading": "not-working"}),
        ("s3", {"uploading": "not-working"}),
    ],
)
async def test_what_a_frozen_engine_stops_is_said_within_ten_seconds_and_then_that_it_is_back(
    gateway: GatewayEnvironment, engine: str, failed: dict[str, State]
) -> None:
    await eventually(says(gateway, **WORKS), within=60)
    with gateway.frozen(engine):
        frozen_at = time.monotonic()
        await eventually(says(gateway, **failed), within=SAID_WITHIN, every=0.2)
        assert time.monotonic() - frozen_at <= SAID_WITHIN
        assert (await status(gateway))["state"] == "not-working"
        since = datetime.fromisoformat((await part(gateway, next(iter(failed)).replace("_", "-")))["since"])
        assert (datetime.now(UTC) - since).total_seconds() <= SAID_WITHIN + 1
    await eventually(says(gateway, **WORKS), within=60, every=0.2)


async def test_without_the_broker_it_is_not_known_whether_views_are_current(gateway: GatewayEnvironment) -> None:
    await eventually(says(gateway, **WORKS), within=60)
    with gateway.frozen("kafka"):
        await eventually(says(gateway, reading="unknown", notices="unknown", sign_in="working"), within=30, every=0.2)
    await eventually(says(gateway, **WORKS), within=60, every=0.2)


async def test_a_worker_that_stands_still_makes_reading_slow_and_says_by_how_much(
    gateway: GatewayEnvironment, person: Person
) -> None:
    await eventually(says(gateway, **WORKS), within=60)
    with gateway.frozen("gateway-worker"):
        assert (await person.file()).status_code == 201
        await eventually(says(gateway, reading="slow", filing="working"), within=60, every=0.5)
        assert (await part(gateway, "reading"))["delay_seconds"] >= 30
    await eventually(says(gateway, **WORKS), within=60, every=0.5)


async def test_what_was_received_in_a_day_is_counted_without_reading_it(
    gateway: GatewayEnvironment, person: Person
) -> None:
    for _ in range(3):
        assert (await person.file()).status_code == 201
    appended = len(await gateway.all_records())

    async def counted() -> bool:
        return int((await status(gateway)).get("received_24h", 0)) >= appended

    await eventually(counted, within=80, every=0.5)


async def append_registered(gateway: GatewayEnvironment, ago: timedelta, **more: str) -> None:
    """Append what intake says of a request that was filed this long ago."""
    request_id, filed_at = uuid4(), datetime.now(UTC) - ago
    about = {"request_id": request_id, "reference": reference_of(request_id), "account_id": uuid4()}
    event = registered().model_copy(update={**about, "occurred_at": filed_at})
    key = str(request_id)
    headers = attributes(type(event), "intake", id=str(uuid4()), at=filed_at, key=key) | more
    encoded = [(name, text.encode()) for name, text in headers.items()]
    producer = await topics.producer(gateway.stack.env["KAFKA_URL"])
    try:
        await producer.send_and_wait(
            names.LIFECYCLE, value=event.model_dump_json().encode(), key=key.encode(), headers=encoded
        )
    finally:
        await producer.stop()


async def test_the_time_from_filing_to_registration_is_that_of_new_requests_alone(gateway: GatewayEnvironment) -> None:
    await append_registered(gateway, timedelta(hours=2), ce_quiet="1")
    await append_registered(gateway, timedelta(seconds=7))

    async def measured() -> Any:
        return (await status(gateway)).get("registration")

    found = await eventually(measured, within=30, every=0.2)
    assert found["samples"] == 1
    assert 7 <= found["p50_seconds"] < 60
    assert "p99_seconds" not in found


async def test_nothing_internal_is_said(gateway: GatewayEnvironment) -> None:
    with gateway.frozen("documents"):
        await eventually(says(gateway, uploading="not-working"), within=SAID_WITHIN, every=0.2)
        text = (await gateway.http.get("/v1/status")).text.lower()
    internal = ("kafka", "mongo", "broker", "store", "group", "offset", "127.0.0.1", "localhost", "error", "timeout")
    assert [word for word in internal if word in text] == []
    await eventually(says(gateway, **WORKS), within=60)


async def test_many_readers_cost_what_one_costs(gateway: GatewayEnvironment) -> None:
    answers = await asyncio.gather(*(gateway.http.get("/v1/status") for _ in range(READERS)))
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.headers["cache-control"] for answer in answers} == {"public, max-age=2"}
    refused = await gateway.http.get("/v1/status?x=1")
    assert refused.status_code == 422
