"""What a stream sends: the facts of one request, or those of all requests of an account."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from gateway.live import frames
from gateway.live.domain import LiveFact, SeqOrder
from gateway.live.frames import FactFrames
from gateway.live.hub import Client, Hub
from gateway.live.schemas import Reload
from gateway.requests.view import RequestView, TimelineFact
from services.common.catalogue import Language
from services.common.domain.errors import StoreUnavailable
from services.common.http.problems import Problem

GAP_SECONDS: Final = 5.0
"""How long a fact that is missing before a later one is looked for in the view. The later ones wait."""

RETRY_READ: Final = 0.25
"""Seconds before the view is read again, when it could not be read."""

ReadView = Callable[[int], Awaitable[RequestView | None]]
"""Reads the view, and waits a moment until it has the fact with this number."""


class Feed(Protocol):
    @property
    def event_id(self) -> str:
        """The id from which the stream can be resumed."""

    async def take(self) -> list[bytes]:
        """The events that are new."""


@dataclass(slots=True)
class RequestFeed:
    """The facts of one request in the order of `seq`. What the hub has not is read from the view."""

    client: Client
    reference: str
    order: SeqOrder[TimelineFact]
    read_view: ReadView
    presented: FactFrames
    language: Language
    gap_seconds: float = GAP_SECONDS

    @property
    def event_id(self) -> str:
        return str(self.order.last)

    async def take(self) -> list[bytes]:
        taken = self._take()
        deadline = asyncio.get_running_loop().time() + self.gap_seconds
        while (gap := self.order.gap) is not None and self.client.ended is None:
            if asyncio.get_running_loop().time() < deadline:
                await self._fill(gap)
            else:
                self.order.skip_gap()
                taken.append(frames.reload(Reload(because="gap"), self.event_id))
            taken += self._take()
        return taken

    def offer_view(self, view: RequestView | None) -> None:
        for key, fact in {} if view is None else view.facts.items():
            self.order.offer(int(key), fact)

    def offer(self, facts: list[LiveFact]) -> None:
        for each in facts:
            if each.reference == self.reference:
                self.order.offer(each.seq, each.fact)

    def _take(self) -> list[bytes]:
        self.offer(self.client.take())
        return [self.presented.entry(fact, seq, self.language) for seq, fact in self.order.take()]

    async def _fill(self, gap: int) -> None:
        try:
            self.offer_view(await self.read_view(gap))
        except (Problem, StoreUnavailable):
            await asyncio.sleep(RETRY_READ)


@dataclass(slots=True)
class AccountFeed:
    """The facts of all requests of an account. `number` is that of the last fact that was sent, or needs not be sent."""

    client: Client
    hub: Hub
    number: int
    presented: FactFrames
    language: Language
    pending: list[LiveFact] = field(default_factory=list)
    events: list[bytes] = field(default_factory=list)

    @property
    def event_id(self) -> str:
        return frames.token_of(self.hub.id, self.number)

    def resume(self, token: str) -> None:
        """Continue after the event with this id, or tell the client to load everything again."""
        number = frames.number_of(self.hub.id, token)
        facts = None if number is None else self.hub.recent.since(self.client.account_id, number)
        if number is None or facts is None:
            self.events = [frames.reload(Reload(because="unknown-id"), self.event_id)]
        else:
            self.number, self.pending = number, [each for each in facts if self.client.may_read(each)]

    async def take(self) -> list[bytes]:
        taken, self.events = self.events, []
        pending, self.pending = [*self.pending, *self.client.take()], []
        for live in pending:
            # A fact of the queue may be among the recent ones, too.
            if live.number > self.number:
                self.number = live.number
                if not live.follows:
                    taken.append(frames.reload(Reload(because="gap"), self.event_id))
                taken.append(self.presented.summary(live, self.language, self.hub.id))
        # All facts until now were in the queue, so that also a quiet stream can be resumed.
        self.number = self.hub.recent.number
        return taken
