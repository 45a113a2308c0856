"""Live updates through the public listener: each fact once and in order, to its own account alone."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx2
import pytest
import pytest_asyncio

from gateway.accounts.session_cookie import SESSION_COOKIE
from gateway.live.updates import STREAMS_OF_ONE_ACCOUNT
from services.common.contracts.lifecycle import (
    ActRefused,
    LifecycleFact,
    MessageAdded,
    RequestAnswered,
    RequestInAnalysis,
    RequestRouted,
    State,
)
from tests.integration.gateway.events import Stream, stream
from tests.integration.gateway.gateway_environment import PASSWORD, GatewayEnvironment, Person
from tests.integration.gateway.test_acts import common, publish
from tests.integration.gateway.test_reading import filed
from tests.integration.gateway.test_submit import problem
from tests.support.waiting import eventually

ENDS_WITHIN = 10.0
"""Seconds after which a session that has ended has no stream any more."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def live(gateway: GatewayEnvironment, signed_in: tuple[Person, Person, Person]) -> None:
    """The gateway reads the broker's facts, also after an earlier test has stopped an engine."""
    person = signed_in[0]

    async def current() -> bool:
        async with stream(gateway.http, "/v1/events", **person.headers()) as opened:
            return not opened.named("delayed")

    await eventually(current)


pytestmark = pytest.mark.usefixtures("live")


def facts_of(request: dict[str, Any], person: Person, *seqs: int) -> list[LifecycleFact]:
    """Messages with these numbers."""
    return [
        MessageAdded(
            **common(request, person), seq=seq, state=State.IN_ANALYSIS, act_id=f"act-{seq}", text=f"Olá {seq}"
        )
        for seq in seqs
    ]


def events_of(request: dict[str, Any], after: int | None = None) -> str:
    return f"/v1/requests/{request['reference']}/events" + ("" if after is None else f"?after={after}")


async def in_view(person: Person, request: dict[str, Any], seq: int) -> None:
    async def there() -> bool:
        timeline = (await person.get(f"/v1/requests/{request['reference']}/timeline")).json()
        return seq in [entry.get("seq") for entry in timeline["entries"]]

    await eventually(there)


async def test_a_fact_arrives_as_the_timeline_presents_it(gateway: GatewayEnvironment, person: Person) -> None:
    request = await filed(person)
    routed = RequestRouted(
        **common(request, person) | {"occurred_at": datetime(2026, 3, 2, 12, tzinfo=UTC)},
        seq=1,
        state=State.REGISTERED,
        department="pf",
        assignment_id=UUID(int=1),
        epoch=1,
        rule="secret",
    )
    async with stream(gateway.http, events_of(request), **person.headers(accept_language="en")) as opened:
        await publish(gateway, routed)
        await opened.until(lambda each: each.seqs == [1])
    await in_view(person, request, 1)
    timeline = await person.get(f"/v1/requests/{request['reference']}/timeline", accept_language="en")
    shown = timeline.json()["entries"][-1]
    assert (opened.facts[0].data, opened.facts[0].id) == (shown, "1")
    assert shown["title"] == "Sent to the department"


async def test_a_stream_has_no_cache_no_buffer_and_a_language(gateway: GatewayEnvironment, person: Person) -> None:
    async with gateway.http.stream("GET", "/v1/events", headers=person.headers(accept_language="en")) as answer:
        named = {name: answer.headers[name] for name in ("cache-control", "x-accel-buffering", "content-language")}
    assert named == {"cache-control": "no-store", "x-accel-buffering": "no", "content-language": "en"}


async def test_an_interrupted_stream_continues_without_loss_or_repetition(
    gateway: GatewayEnvironment, person: Person
) -> None:
    request = await filed(person)
    async with stream(gateway.http, events_of(request), **person.headers()) as first:
        await publish(gateway, *facts_of(request, person, 1, 2))
        await first.until(lambda each: each.seqs == [1, 2])
    await publish(gateway, *facts_of(request, person, 3, 4))
    await in_view(person, request, 4)
    assert first.last_id == "2"
    headers = person.headers(last_event_id=first.last_id)
    # What the browser sends again with the same address counts less than the id.
    async with stream(gateway.http, events_of(request, after=0), **headers) as second:
        await publish(gateway, *facts_of(request, person, 5))
        await second.until(lambda each: 5 in each.seqs)
    assert second.seqs == [3, 4, 5]


async def test_a_page_gets_what_happened_after_it_was_made(gateway: GatewayEnvironment, person: Person) -> None:
    request = await filed(person)
    await publish(gateway, *facts_of(request, person, 1, 2, 3))
    await in_view(person, request, 3)
    async with (
        stream(gateway.http, events_of(request, after=1), **person.headers()) as page,
        stream(gateway.http, events_of(request), **person.headers()) as new,
    ):
        await publish(gateway, *facts_of(request, person, 4))
        await page.until(lambda each: 4 in each.seqs)
        await new.until(lambda each: 4 in each.seqs)
    assert (page.seqs, new.seqs) == ([2, 3, 4], [4])


async def test_a_repeated_record_is_one_event_and_an_internal_fact_is_none(
    gateway: GatewayEnvironment, person: Person
) -> None:
    request = await filed(person)
    first, second, last = facts_of(request, person, 1, 2, 4)
    refused = ActRefused(
        **common(request, person),
        seq=3,
        state=State.IN_ANALYSIS,
        act_id="command",
        code="stale",
        command={"id": "c", "topic": "t", "partition": 0, "offset": 0},
    )
    async with (
        stream(gateway.http, events_of(request), **person.headers()) as one,
        stream(gateway.http, "/v1/events", **person.headers()) as every,
    ):
        await publish(gateway, first, second, second, first, refused, last)
        await one.until(lambda each: 4 in each.seqs)
        await every.until(lambda each: 4 in each.seqs)
    assert (one.seqs, every.seqs) == ([1, 2, 4], [1, 2, 4])


async def test_a_fact_that_overtakes_another_waits_for_it(gateway: GatewayEnvironment, person: Person) -> None:
    request = await filed(person)
    one, two, three = facts_of(request, person, 1, 2, 3)
    async with stream(gateway.http, events_of(request), **person.headers()) as opened:
        await publish(gateway, one, three, two)
        await opened.until(lambda each: 3 in each.seqs)
    assert (opened.seqs, opened.named("reload")) == ([1, 2, 3], [])


async def test_a_fact_that_never_comes_makes_the_client_load_the_request_again(
    gateway: GatewayEnvironment, person: Person
) -> None:
    request = await filed(person)
    one, three = facts_of(request, person, 1, 3)
    async with stream(gateway.http, events_of(request), **person.headers()) as opened:
        await publish(gateway, one, three)
        await opened.until(lambda each: 3 in each.seqs)
    assert [(each.name, each.id) for each in opened.events] == [("fact", "1"), ("reload", "2"), ("fact", "3")]
    assert opened.named("reload") == [{"because": "gap"}]


async def test_another_account_sees_nothing(gateway: GatewayEnvironment, person: Person, other: Person) -> None:
    request, theirs = await filed(person), await filed(other)
    answer = await other.get(events_of(request))
    assert (answer.status_code, problem(answer)) == (404, "not-found")
    async with (
        stream(gateway.http, "/v1/events", **other.headers()) as others,
        stream(gateway.http, "/v1/events", **person.headers()) as own,
    ):
        await publish(gateway, *facts_of(request, person, 1), *facts_of(theirs, other, 1))
        await others.until(lambda each: bool(each.facts))
        await own.until(lambda each: bool(each.facts))
    assert [event.data["reference"] for event in others.facts] == [theirs["reference"]]
    assert [event.data["reference"] for event in own.facts] == [request["reference"]]


@pytest.mark.parametrize("by", ["header", "query"])
async def test_all_own_requests_are_followed_and_resumed_without_loss(
    gateway: GatewayEnvironment, person: Person, by: str
) -> None:
    one, two = await filed(person), await filed(person)
    async with stream(gateway.http, "/v1/events", **person.headers()) as first:
        await publish(gateway, *facts_of(one, person, 1), *facts_of(two, person, 1))
        await first.until(lambda each: len(each.facts) == 2)
    # A fact's id is the state of the stream after it; the two are in different partitions and come in any order.
    assert {(event.data["reference"], event.data["state_name"]) for event in first.facts} == {
        (one["reference"], "Em análise"),
        (two["reference"], "Em análise"),
    }
    await publish(gateway, *facts_of(one, person, 2), *facts_of(two, person, 2))
    await in_view(person, two, 2)
    assert first.last_id is not None
    headers = person.headers(**({"last_event_id": first.last_id} if by == "header" else {}))
    path = "/v1/events" if by == "header" else f"/v1/events?after={first.last_id}"
    async with stream(gateway.http, path, **headers) as second:
        await second.until(lambda each: len(each.facts) == 2)
        assert {event.data["reference"] for event in second.facts} == {one["reference"], two["reference"]}
        assert (second.seqs, second.named("reload")) == ([2, 2], [])


@pytest.mark.parametrize("token", ["0123456789ab-5", "nonsense", "x" * 100])
async def test_an_unknown_id_is_answered_with_one_reload_and_the_stream_goes_on(
    gateway: GatewayEnvironment, person: Person, token: str
) -> None:
    request = await filed(person)
    async with stream(gateway.http, "/v1/events", **person.headers(last_event_id=token)) as opened:
        await opened.until(lambda each: bool(each.events))
        await publish(gateway, *facts_of(request, person, 1))
        await opened.until(lambda each: bool(each.facts))
    assert [each.name for each in opened.events] == ["reload", "fact"]
    assert opened.named("reload") == [{"because": "unknown-id"}]


async def test_a_quiet_stream_can_be_resumed_from_its_first_bytes(gateway: GatewayEnvironment, person: Person) -> None:
    request = await filed(person)
    async with (
        stream(gateway.http, "/v1/events", **person.headers()) as every,
        stream(gateway.http, events_of(request), **person.headers()) as one,
    ):
        pass
    await publish(gateway, *facts_of(request, person, 1))
    await in_view(person, request, 1)
    for path, ended in (("/v1/events", every), (events_of(request), one)):
        assert ended.last_id is not None
        async with stream(gateway.http, path, **person.headers(last_event_id=ended.last_id)) as again:
            await again.until(lambda each: bool(each.facts))
        assert (again.seqs, again.named("reload")) == ([1], [])


async def test_the_cookie_of_the_portal_is_a_session_here_and_nowhere_else(
    gateway: GatewayEnvironment, person: Person
) -> None:
    cookie = {"cookie": f"{SESSION_COOKIE}={person.token}"}
    async with stream(gateway.http, "/v1/events", **cookie):
        pass
    refused = await gateway.http.get("/v1/requests", headers=cookie)
    assert (refused.status_code, problem(refused)) == (401, "no-session")
    wrong = await gateway.http.get("/v1/events", headers={"cookie": f"{SESSION_COOKIE}=nonsense"})
    assert (wrong.status_code, problem(wrong)) == (401, "no-session")


async def test_signing_out_ends_the_streams_of_that_session_alone(gateway: GatewayEnvironment, person: Person) -> None:
    token = (await gateway.sign_in(person.niss, PASSWORD)).json()["token"]
    leaving = {"Authorization": f"Bearer {token}"}
    async with (
        stream(gateway.http, "/v1/events", **leaving) as ended,
        stream(gateway.http, "/v1/events", **person.headers()) as kept,
    ):
        assert (await gateway.http.delete("/v1/sessions/current", headers=leaving)).status_code == 204
        await ended.until(lambda each: each.ended, within=ENDS_WITHIN)
        assert not kept.ended


@pytest_asyncio.fixture(loop_scope="session")
async def replica(gateway: GatewayEnvironment) -> AsyncIterator[httpx2.AsyncClient]:
    """Another replica, with the limits of production."""
    async with gateway.replica("gateway-live", ACCOUNT_LIMITS_TIMES="1", HTTP_DRAIN="5") as http:
        yield http


async def open_streams(http: httpx2.AsyncClient, person: Person, ends: asyncio.Event, opened: list[Stream]) -> None:
    async with stream(http, "/v1/events", **person.headers()) as found:
        opened.append(found)
        await ends.wait()


async def test_an_account_has_a_limit_of_open_streams_and_sigterm_ends_them_at_once(
    gateway: GatewayEnvironment, replica: httpx2.AsyncClient, person: Person, other: Person
) -> None:
    async def head() -> bool:
        """A place is free again a moment after each response."""
        return (await replica.head("/v1/events", headers=person.headers())).status_code == 200

    for _ in range(2 * STREAMS_OF_ONE_ACCOUNT):
        await eventually(head)
    ends, opened = asyncio.Event(), list[Stream]()
    tasks = [asyncio.create_task(open_streams(replica, person, ends, opened)) for _ in range(STREAMS_OF_ONE_ACCOUNT)]

    async def all_open() -> bool:
        return len(opened) == STREAMS_OF_ONE_ACCOUNT

    await eventually(all_open)
    refused = await replica.get("/v1/events", headers=person.headers())
    assert (refused.status_code, problem(refused)) == (429, "too-many-at-once")
    assert int(refused.headers["retry-after"]) >= 1
    async with stream(replica, "/v1/events", **other.headers()):
        pass
    stopping = asyncio.create_task(gateway.stack.stop("gateway-live"))
    for each in opened:
        await each.until(lambda found: found.ended, within=3)
    assert not stopping.done(), "the replica still drains: the streams ended before"
    ends.set()
    await asyncio.gather(stopping, *tasks)


async def test_a_stream_survives_a_restart_of_the_broker_and_says_that_facts_are_late(
    gateway: GatewayEnvironment, person: Person
) -> None:
    request = await filed(person)
    await publish(gateway, *facts_of(request, person, 1))
    await in_view(person, request, 1)
    async with (
        stream(gateway.http, events_of(request), **person.headers()) as one,
        stream(gateway.http, "/v1/events", **person.headers()) as every,
    ):
        await gateway.stack.stop("kafka")
        for each in (one, every):
            await each.until(lambda found: found.named("delayed") == [{"delayed": True}], within=40)
        await gateway.stack.restart("kafka")
        answered = RequestAnswered(
            **common(request, person), seq=3, state=State.ANSWERED, department="pf", text="É 1.º escalão."
        )
        analysis = RequestInAnalysis(**common(request, person), seq=2, state=State.IN_ANALYSIS, department="pf")
        await publish(gateway, analysis, answered)
        for each in (one, every):
            await each.until(lambda found: found.seqs == [2, 3], within=60)
            await each.until(lambda found: found.named("delayed")[-1] == {"delayed": False}, within=40)
            assert each.named("reload") == []
