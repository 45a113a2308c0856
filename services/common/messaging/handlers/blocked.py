"""The blocked list of an aggregate: the parked records that its document waits for, in order. Pure."""

from dataclasses import replace
from typing import Any

from services.common.domain.decision import S
from services.common.domain.position import Position
from services.common.domain.received import Received
from services.common.store import Change, Document, Parked


def is_parked(document: Document[S], position: Position) -> bool:
    """Whether the record first appended at `position` is in the blocked list."""
    return position in {each.position for each in document.blocked}


def is_head(document: Document[S], received: Received[Any]) -> bool:
    """Whether the record is the first of the blocked list, which must be applied before all others."""
    return bool(document.blocked) and document.blocked[0].position == received.position


def parked(document: Document[S], received: Received[Any]) -> Document[S]:
    """The document with the record at the end of its blocked list."""
    entry = Parked(*received.position, received.at)
    return replace(document, blocked=(*document.blocked, entry))


def freed(document: Document[S], position: Position) -> Document[S]:
    """The document without the record in its blocked list; itself if that is not parked."""
    if not is_parked(document, position):
        return document
    return replace(document, blocked=tuple(each for each in document.blocked if each.position != position))


def with_parked(document: Document[S], received: Received[Any]) -> Change[S]:
    """Park the record, if it is not parked yet."""
    if is_parked(document, received.position):
        return Change(document, document)
    return Change(document, replace(parked(document, received), partition=received.partition))


def without_parked(document: Document[S], position: Position) -> Change[S]:
    """Take the record off the blocked list, if it is there."""
    return Change(document, freed(document, position))
