"""The live updates of one process: its hub, what keeps the hub current, and the limits of open streams."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from gateway.accounts.domain import Session
from gateway.accounts.session_checks import SessionChecks
from gateway.limits.concurrency import ConcurrencyLimit, KeyedLimit
from gateway.live.domain import SeqOrder
from gateway.live.event_stream import EventStream, Timing
from gateway.live.feeds import AccountFeed, RequestFeed
from gateway.live.frames import FactFrames
from gateway.live.hub import Client, Hub
from gateway.live.reader import LifecycleReader
from gateway.live.session_watch import SessionWatch
from gateway.requests.queries import RequestQueries
from gateway.requests.view import RequestView, TimelineFact
from services.common.catalogue import Language
from services.common.domain.tokens import hash_of

STREAMS: Final = 2_000
"""Open streams of one process."""

STREAMS_OF_ONE_ACCOUNT: Final = 10
"""Open streams of one account at one replica. A browser needs one, however many pages it shows."""


@dataclass(frozen=True, slots=True)
class LiveUpdates:
    hub: Hub
    reader: LifecycleReader
    watch: SessionWatch
    queries: RequestQueries
    presented: FactFrames
    own: KeyedLimit
    timing: Timing = field(default_factory=Timing)
    all: ConcurrencyLimit = field(default_factory=lambda: ConcurrencyLimit("streams", STREAMS))

    @contextmanager
    def connected(self, session: Session, token: str) -> Iterator[Client]:
        """A client that gets the facts of the session's account. Raises the problem `too-many-at-once` or `busy`."""
        client = Client(session.account_id, session.actor_id, hash_of(token), time.monotonic())
        with self.own.acquire(session.account_id), self.all, self.hub.subscribed(client):
            yield client

    async def of_request(
        self, client: Client, session: Session, typed: str, after: int | None, language: Language
    ) -> EventStream:
        """The facts after the number `after`, or the new ones. Raises the same problems as `RequestQueries.get`."""
        found = await self.queries.get(session, typed, None)
        view, reference = found.view, found.receipt.reference
        newest = 0 if view is None else max(map(int, view.facts), default=0)
        order = SeqOrder[TimelineFact](newest if after is None else after)
        read_view = partial(self._view, session, reference)
        feed = RequestFeed(client, reference, order, read_view, self.presented, language, self.timing.gap)
        feed.offer_view(view)
        # The view may be behind the hub, and the client may have connected after a fact came.
        recent = self.hub.recent.of_request(session.account_id, reference)
        feed.offer([each for each in recent if client.may_read(each)])
        return EventStream(feed, client, self.hub, self.timing, language)

    def of_account(self, client: Client, token: str | None, language: Language) -> EventStream:
        """The facts after the event with the id `token`, or the new ones."""
        feed = AccountFeed(client, self.hub, self.hub.recent.number, self.presented, language)
        if token is not None:
            feed.resume(token)
        return EventStream(feed, client, self.hub, self.timing, language)

    async def _view(self, session: Session, reference: str, seq: int) -> RequestView | None:
        found = await self.queries.find(session, reference, None, seq=seq)
        return None if found is None else found.view


def live_updates(kafka_url: str, checks: SessionChecks, queries: RequestQueries, own_times: int) -> LiveUpdates:
    """`own_times` multiplies the limit of an account."""
    hub = Hub()
    own = KeyedLimit("streams-of-one-account", STREAMS_OF_ONE_ACCOUNT * own_times)
    return LiveUpdates(hub, LifecycleReader(kafka_url, hub), SessionWatch(hub, checks), queries, FactFrames(), own)
