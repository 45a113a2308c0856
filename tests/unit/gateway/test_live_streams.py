"""What one stream sends, and how it ends. The clients here are ASGI applications' `send` and `receive`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from starlette.types import Message, Scope

from gateway.live.domain import SeqOrder
from gateway.live.event_stream import EventStream, Timing
from gateway.live.feeds import AccountFeed, RequestFeed
from gateway.live.frames import FactFrames
from gateway.live.hub import QUEUE, Client, End, Hub
from gateway.live.session_watch import SessionWatch
from gateway.requests.view import RequestView, TimelineFact
from services.common.contracts.lifecycle import MessageAdded, State
from services.common.domain.errors import StoreUnavailable
from services.common.domain.identifiers import reference_of
from services.common.http import problem_types
from services.common.http.problems import Problem
from services.common.runtime.graceful_shutdown import DRAINING
from tests.support.waiting import eventually
from tests.unit.gateway.builders import ACCOUNT, REQUEST, Clock, fact, received, session
from tests.unit.gateway.test_views import merged

REFERENCE = reference_of(REQUEST)
FRAMES = FactFrames()
QUICK = Timing(heartbeat=0.05, send=0.1, gap=0.1)


def message(seq: int) -> MessageAdded:
    found = fact(MessageAdded, seq, State.IN_ANALYSIS, act_id=f"act-{seq}", text="Olá.")
    assert isinstance(found, MessageAdded)
    return found


def view(*seqs: int) -> RequestView:
    return merged([received(message(seq)) for seq in seqs])


@dataclass
class Reader:
    """A client of a stream. It reads while `reads` is set, and is connected until it is `gone`."""

    received: bytes = b""
    complete: bool = False
    reads: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    async def receive(self) -> Message:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.body":
            await self.reads.wait()
            self.received += message["body"]
            self.complete = not message.get("more_body", False)

    async def has(self, text: str) -> None:
        async def there() -> bool:
            assert text in self.received.decode(), self.received
            return True

        await eventually(there, every=0.005)


@dataclass
class Opened:
    hub: Hub
    client: Client
    reader: Reader
    draining: asyncio.Future[None]
    task: asyncio.Task[None]

    def publish(self, *seqs: int) -> None:
        for seq in seqs:
            event = message(seq)
            self.hub.publish(event, f"id-{seq}", 100)

    async def ends(self) -> End | None:
        async with asyncio.timeout(5):
            await self.task
        return self.client.ended


async def no_view(seq: int) -> None:
    """The view has not been written yet."""
    await asyncio.sleep(0)


@asynccontextmanager
async def opened(
    *,
    of_request: bool = True,
    timing: Timing = QUICK,
    last: int = 0,
    hub: Hub | None = None,
    read_view: object = no_view,
) -> AsyncIterator[Opened]:
    hub = hub or Hub(Clock())
    hub.report_delay(is_delayed=False)
    client, reader = Client(ACCOUNT, ACCOUNT, "hash", 0.0), Reader()
    reader.reads.set()
    feed = (
        RequestFeed(client, REFERENCE, SeqOrder[TimelineFact](last), read_view, FRAMES, "en", timing.gap)  # type: ignore[arg-type]
        if of_request
        else AccountFeed(client, hub, hub.recent.number, FRAMES, "en")
    )
    response = EventStream(feed, client, hub, timing, "en")
    draining = asyncio.get_running_loop().create_future()
    scope: Scope = {"type": "http", "state": {DRAINING: draining}}
    with hub.subscribed(client):
        task = asyncio.create_task(response(scope, reader.receive, reader.send))
        await reader.has("retry: ")
        yield Opened(hub, client, reader, draining, task)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_quiet_stream_has_heartbeats_with_the_id_that_resumes_it() -> None:
    async with opened(last=7) as stream:
        await stream.reader.has(": \nid: 7\n\n: \nid: 7\n\n")
    async with opened(of_request=False) as stream:
        stream.hub.publish(message(1).model_copy(update={"account_id": session().actor_id}), "id", 1)
        await stream.reader.has(f": \nid: {stream.hub.id}-{stream.hub.recent.number}\n\n")


@pytest.mark.parametrize("of_request", [True, False])
async def test_a_client_that_does_not_read_is_disconnected_and_delays_nobody(of_request: bool) -> None:
    hub = Hub(Clock())
    async with opened(of_request=of_request, hub=hub) as slow, opened(of_request=of_request, hub=hub) as quick:
        slow.reader.reads.clear()
        slow.publish(1)
        await quick.reader.has('"seq":1')
        assert not slow.task.done()
        assert await slow.ends() is End.SLOW
        slow.publish(2)
        await quick.reader.has('"seq":2')
        assert b'"seq":1' not in slow.reader.received


async def test_a_full_queue_ends_the_stream_and_the_client_can_continue_after_its_last_event() -> None:
    async with opened(timing=Timing(send=5)) as stream:
        stream.reader.reads.clear()
        stream.publish(1)
        # The stream is in the middle of sending the first fact.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        stream.publish(*range(2, QUEUE + 10))
        assert stream.client.ended is End.SLOW
        stream.reader.reads.set()
        assert await stream.ends() is End.SLOW
        assert stream.reader.complete
        assert b"id: 1\n" in stream.reader.received
        assert b'"seq":3' not in stream.reader.received


async def test_a_stream_ends_at_once_when_the_process_stops() -> None:
    async with opened(timing=Timing()) as stream:
        stream.draining.set_result(None)
        assert await stream.ends() is End.DRAINING
        assert stream.reader.complete


async def test_a_stream_ends_when_its_client_is_gone() -> None:
    async with opened(timing=Timing()) as stream:
        stream.reader.gone.set()
        assert await stream.ends() is End.GONE


async def test_a_stream_ends_at_its_greatest_age() -> None:
    async with opened(timing=Timing(longest=0.05)) as stream:
        assert await stream.ends() is End.AGE
        assert stream.reader.complete


async def test_a_gap_is_closed_from_the_view_before_later_facts_are_sent() -> None:
    async def read_view(seq: int) -> RequestView:
        return view(1, 2, 3)

    async with opened(read_view=read_view) as stream:
        stream.publish(1, 4)
        await stream.reader.has('"seq":4')
        sent = stream.reader.received.decode()
        assert [line for line in sent.splitlines() if line.startswith("id: ")][1:5] == [
            f"id: {n}" for n in (1, 2, 3, 4)
        ]
        assert "event: reload" not in sent


@pytest.mark.parametrize("failure", [StoreUnavailable("away"), Problem(problem_types.TOO_MANY_AT_ONCE)])
async def test_a_gap_that_cannot_be_closed_gives_a_reload_and_the_stream_goes_on(failure: Exception) -> None:
    async def read_view(seq: int) -> RequestView:
        raise failure

    async with opened(read_view=read_view) as stream:
        stream.publish(3)
        await stream.reader.has('event: reload\ndata: {"because":"gap"}\nid: 2\n\nevent: fact\n')
        stream.publish(4)
        await stream.reader.has("id: 4\n")


async def test_lost_and_late_facts_are_told() -> None:
    async with opened(of_request=False) as stream:
        stream.hub.report_delay(is_delayed=True)
        await stream.reader.has('event: delayed\ndata: {"delayed":true}\n\n')
        stream.hub.report_loss()
        stream.hub.report_delay(is_delayed=False)
        await stream.reader.has('event: delayed\ndata: {"delayed":false}\n\n')
        await stream.reader.has('event: reload\ndata: {"because":"lost"}\n')


class Checks:
    """The sessions in the store, which may be unavailable."""

    def __init__(self, *open_sessions: str) -> None:
        self.open_sessions = {*open_sessions}
        self.available = True

    async def not_ended(self, hashes: set[str]) -> set[str]:
        if not self.available:
            raise StoreUnavailable("away")
        return self.open_sessions & hashes


async def test_a_stream_ends_with_its_session() -> None:
    hub = Hub()
    async with opened(hub=hub, timing=Timing()) as stream:
        checks = Checks("hash")
        watch = SessionWatch(hub, checks)  # type: ignore[arg-type]
        await watch.round()
        assert stream.client.ended is None
        checks.open_sessions.clear()
        await watch.round()
        assert await stream.ends() is End.SESSION


async def test_without_the_store_a_stream_lives_as_long_as_a_cached_session() -> None:
    hub, checks = Hub(), Checks("hash")
    async with opened(hub=hub, timing=Timing()) as stream:
        watch = SessionWatch(hub, checks)  # type: ignore[arg-type]
        await watch.round()
        checks.available = False
        await watch.round()
        assert stream.client.ended is None
        stream.client.confirmed_at -= 9
        await watch.round()
        assert await stream.ends() is End.SESSION
