"""The conversation about a request: what its author and the departments wrote, in order. Pure."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from gateway.requests.read_schemas import RequestResponse, Timeline, TimelineEntry
from services.common.contracts.decisions import Appeal

_OF_DEPARTMENTS: Final = frozenset(
    {
        "request.answered",
        "request.documents-requested",
        "request.hearing-opened",
        "request.forwarded",
        "request.extended",
        "request.rejected",
    }
)


class Message(NamedTuple):
    """`title` says what a department or a register did; `text` is what it wrote, or what the author did."""

    at: datetime
    is_own: bool
    title: str
    author: str | None
    text: str
    documents: tuple[UUID, ...]
    grounds: str | None
    appeal: Appeal | None


def conversation(request: RequestResponse, timeline: Timeline) -> list[Message]:
    """The oldest first."""
    return [*_messages(request, timeline)]


def _messages(request: RequestResponse, timeline: Timeline) -> Iterator[Message]:
    for entry in timeline.entries:
        if entry.type == "request.submitted" and request.description:
            yield _message(entry, is_own=not request.automatic, text=request.description)
        elif entry.type == "request.message-added":
            yield _message(entry, is_own=True, text=entry.text or "")
        elif entry.type in _OF_DEPARTMENTS and (entry.text or entry.grounds):
            yield _message(entry, is_own=False, text=entry.text or "")


def _message(entry: TimelineEntry, *, is_own: bool, text: str) -> Message:
    return Message(
        at=entry.at,
        is_own=is_own,
        title=entry.title,
        author=None if is_own else entry.department_name or entry.actor_name,
        text=text,
        documents=entry.documents or (),
        grounds=entry.grounds,
        appeal=entry.appeal,
    )
