"""The events of a stream as bytes (HTML Living Standard, section 9.2)."""

import random
import re
from typing import Final

from cachetools import LRUCache
from fastapi.sse import format_sse_event
from pydantic import BaseModel

from gateway.live.domain import LiveFact
from gateway.live.schemas import Delayed, LiveFactResponse, Reload
from gateway.requests.names import Names
from gateway.requests.timeline_presenter import TimelinePresenter
from gateway.requests.view import TimelineFact
from services.common.catalogue import Language
from services.common.http.languages import LANGUAGES

RETRY_MS: Final = (1_000, 5_000)
"""Range in milliseconds; each stream draws a random value, so that not all clients of a stopped server reconnect at once."""

PRESENTED: Final = 1_024
"""Facts in one language whose bytes are kept: several streams of an account get the same ones."""

_TOKEN: Final = re.compile(r"([0-9a-f]{12})-([0-9]{1,15})")


class FactFrames:
    """Facts as events. An internal fact, which the timeline does not show, has no bytes."""

    def __init__(self) -> None:
        self._timelines = {language: TimelinePresenter(language) for language in LANGUAGES}
        self._names = {language: Names(language) for language in LANGUAGES}
        self._presented: LRUCache[tuple[str, Language, bool], bytes] = LRUCache(PRESENTED)

    def entry(self, fact: TimelineFact, seq: int, language: Language) -> bytes:
        """The fact as its timeline presents it; the id is `seq`."""
        key = fact.id, language, True
        if (frame := self._presented.get(key)) is None:
            entries = self._timelines[language].entries(fact, seq)
            frame = self._presented[key] = b"".join(_event("fact", entry, str(seq)) for entry in entries)
        return frame

    def summary(self, live: LiveFact, language: Language, hub_id: str) -> bytes:
        """The fact with the reference of its request; the id is the token that resumes after it."""
        key = live.fact.id, language, False
        if (frame := self._presented.get(key)) is None:
            frame = self._presented[key] = self._summary(live, language, hub_id)
        return frame

    def _summary(self, live: LiveFact, language: Language, hub_id: str) -> bytes:
        entries, names = self._timelines[language].entries(live.fact, live.seq), self._names[language]
        return b"".join(
            _event(
                "fact",
                LiveFactResponse(
                    reference=live.reference,
                    seq=live.seq,
                    type=entry.type,
                    title=entry.title,
                    state=entry.state,
                    state_name=names.state(entry.state),
                    at=entry.at,
                ),
                token_of(hub_id, live.number),
            )
            for entry in entries
            if entry.state is not None
        )


def opening(event_id: str) -> bytes:
    """The first bytes: when to connect again, and the id from which to resume if no fact comes."""
    return format_sse_event(retry=random.randint(*RETRY_MS), id=event_id)


def heartbeat(event_id: str) -> bytes:
    """Tells proxies and clients that the connection works. Its id is current, but browsers raise no event for it."""
    return format_sse_event(comment="", id=event_id)


def reload(because: Reload, event_id: str) -> bytes:
    return _event("reload", because, event_id)


def delayed(is_delayed: bool) -> bytes:
    return _event("delayed", Delayed(delayed=is_delayed), None)


def token_of(hub_id: str, number: int) -> str:
    """The id of an event about any of an account's requests."""
    return f"{hub_id}-{number}"


def number_of(hub_id: str, token: str) -> int | None:
    """The number in a token of this hub; None for any other text."""
    found = _TOKEN.fullmatch(token)
    return int(found[2]) if found and found[1] == hub_id else None


def _event(name: str, data: BaseModel, event_id: str | None) -> bytes:
    return format_sse_event(event=name, data_str=data.model_dump_json(exclude_none=True), id=event_id)
