"""A client of the streams of live updates."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
import orjson

from tests.support.waiting import eventually


@dataclass(frozen=True, slots=True)
class Event:
    name: str
    data: dict[str, Any]
    id: str | None


@dataclass(slots=True)
class Stream:
    """What one stream has sent. `last_id` is what a browser would send when it connects again; `ended`: the server closed it."""

    events: list[Event] = field(default_factory=list)
    heartbeats: int = 0
    retry: int | None = None
    last_id: str | None = None
    ended: bool = False

    @property
    def facts(self) -> list[Event]:
        return [event for event in self.events if event.name == "fact"]

    @property
    def seqs(self) -> list[int]:
        return [event.data["seq"] for event in self.facts]

    def named(self, name: str) -> list[dict[str, Any]]:
        return [event.data for event in self.events if event.name == name]

    async def until(self, condition: "Callable[[Stream], bool]", within: float = 20.0) -> None:
        async def met() -> bool:
            assert condition(self), (self.events, self.ended)
            return True

        await eventually(met, within=within)

    async def read(self, answer: httpx2.Response) -> None:
        fields: dict[str, str] = {}
        try:
            async for line in answer.aiter_lines():
                if line.startswith(":"):
                    self.heartbeats += 1
                elif line:
                    name, _, value = line.partition(": ")
                    fields[name] = value
                else:
                    self._dispatch(fields)
                    fields = {}
        finally:
            self.ended = True

    def _dispatch(self, fields: dict[str, str]) -> None:
        self.last_id = fields.get("id", self.last_id)
        self.retry = int(fields["retry"]) if "retry" in fields else self.retry
        if "data" in fields:
            self.events.append(Event(fields["event"], orjson.loads(fields["data"]), fields.get("id")))


@asynccontextmanager
async def stream(http: httpx2.AsyncClient, path: str, **headers: str) -> AsyncIterator[Stream]:
    """An open stream: the server has answered, and facts from now on are sent."""
    found = Stream()
    async with http.stream("GET", path, headers=headers, timeout=httpx2.Timeout(10, read=60)) as answer:
        assert answer.status_code == 200, await answer.aread()
        assert answer.headers["content-type"].startswith("text/event-stream")
        reading = asyncio.create_task(found.read(answer))
        try:
            await found.until(lambda opened: opened.retry is not None)
            yield found
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
