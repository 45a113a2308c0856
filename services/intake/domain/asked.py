"""Asked documents: what is delivered for which item, and when the last one is in. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from services.common.contracts.asked import AskedItem, ItemDelivery, ItemState, NewItem
from services.common.legal_clock import day_of
from services.intake.domain.state import Progress, Request
from services.intake.domain.terms import DELIVER, Terms, resume, suspend
from services.intake.messages import DocumentsReceived, DocumentsRequested, State

WAITED_FOR: Final = (ItemState.OPEN, ItemState.CHECKING)
_WITHOUT_FILES: Final = {State.AWAITING_DOCUMENTS: ItemState.OPEN, State.IN_ANALYSIS: ItemState.LAPSED}
"""The state of an item whose last file was refused, by the state of its request."""

REMIND_BEFORE: Final = 2
"""Working days before the end of the term at which the person is reminded."""


def ask(progress: Progress, terms: Terms, items: Sequence[NewItem], text: str | None, said: dict[str, str]) -> None:
    """Ask for `items`: their term starts, and that of the answer stops. `said`: further fields of the fact."""
    request = progress.request
    today = day_of(progress.at)
    first = len(request.asked) + 1
    asked = [AskedItem(**dict(item), number=number) for number, item in enumerate(items, first)]
    term = terms.named(day_of(progress.told_at), DELIVER)
    suspend(progress, terms, today, "documents")
    progress.change(
        asked=(*request.asked, *asked),
        deliver_until=term.due_on,
        remind_on=terms.days.before(term.due_on, REMIND_BEFORE),
        delivered_on=None,
    )
    progress.say(
        DocumentsRequested,
        State.AWAITING_DOCUMENTS,
        text=text,
        items=tuple(item.number for item in asked),
        asked=progress.request.asked,
        deadline=progress.request.deadline,
        deliver_until=term.due_on,
        deliver_term=term,
        **said,
    )


def deliver(request: Request, deliveries: Sequence[ItemDelivery], documents: Sequence[UUID], at: datetime) -> Request:
    """The request after files were delivered for its items. Files for items that
    are no longer waited for are ignored here: the message keeps them.
    """
    delivered = {
        item.number: files
        for item in request.asked
        if item.state in WAITED_FOR and (files := _new_files(item, deliveries, documents))
    }
    if not delivered:
        return request
    asked = tuple(
        item.model_copy(update={"state": ItemState.CHECKING, "documents": (*item.documents, *delivered[item.number])})
        if item.number in delivered
        else item
        for item in request.asked
    )
    files = [each for several in delivered.values() for each in several]
    return request.model_copy(
        update={
            "asked": asked,
            "checking": tuple(dict.fromkeys((*request.checking, *files))),
            "delivered_on": max(request.delivered_on or request.entered_on, day_of(at)),
        }
    )


def _new_files(item: AskedItem, deliveries: Sequence[ItemDelivery], documents: Sequence[UUID]) -> list[UUID]:
    """The files of the message that were delivered for the item, and were not before."""
    named = [each for delivery in deliveries if delivery.item == item.number for each in delivery.documents]
    return [each for each in dict.fromkeys(named) if each in documents and each not in item.documents]


def item_of(request: Request, document: UUID) -> AskedItem | None:
    """The item that the file was delivered for. Of several, the first whose file is still checked."""
    items = [item for item in request.asked if document in item.documents]
    return next((item for item in items if item.state is ItemState.CHECKING), items[0] if items else None)


def fits(item: AskedItem | None, media_type: str) -> bool:
    return item is None or not item.formats or media_type in item.formats


def drop_open_items(progress: Progress) -> tuple[AskedItem, ...] | None:
    """Drop the items that nothing was delivered for, and end their term. All items if that changed one, otherwise None."""
    before = progress.request.asked
    dropped = end_items(progress.request, ItemState.DROPPED)
    progress.change(asked=dropped, deliver_until=None, remind_on=None, alerts=())
    return dropped if dropped != before else None


def after_check(request: Request, document: UUID, media_type: str | None) -> Request:
    """The request after the check of a file. `media_type`: None if the file was refused.

    An item is received when all its files are checked and one is usable. One without files is open again only while documents
    are waited for.
    """
    checking = tuple(each for each in request.checking if each != document)
    asked = tuple(
        _item_after_check(request.state, item, document, media_type, checking) if document in item.documents else item
        for item in request.asked
    )
    return request.model_copy(update={"asked": asked, "checking": checking})


def _item_after_check(
    state: State, item: AskedItem, document: UUID, media_type: str | None, checking: Sequence[UUID]
) -> AskedItem:
    """The item, which `document` was delivered for. `state`: that of the request. `checking`: the files not yet checked."""
    usable = media_type is not None and fits(item, media_type)
    files = item.documents if usable else tuple(each for each in item.documents if each != document)
    changes: dict[str, object] = {"documents": files}
    if item.state in WAITED_FOR:
        changes["state"] = _state_of(state, files, checking)
    return item.model_copy(update=changes)


def _state_of(state: State, files: Sequence[UUID], checking: Sequence[UUID]) -> ItemState:
    """The state of an item with these `files`, while the request is in `state`."""
    if not files:
        return _WITHOUT_FILES.get(state, ItemState.DROPPED)
    return ItemState.CHECKING if any(each in checking for each in files) else ItemState.RECEIVED


def is_complete(request: Request) -> bool:
    """Whether every document that was waited for is in."""
    return request.state is State.AWAITING_DOCUMENTS and not any(item.state in WAITED_FOR for item in request.asked)


def has_open_item(request: Request) -> bool:
    return any(item.state is ItemState.OPEN for item in request.asked)


def finish(progress: Progress, terms: Terms) -> None:
    """The last document is in: the term goes on from the day of its delivery, and earlier commands are out of date."""
    request = progress.request
    resume(progress, terms, request.delivered_on or day_of(progress.at))
    progress.change(epoch=request.epoch + 1, deliver_until=None, remind_on=None)
    progress.say(DocumentsReceived, State.IN_ANALYSIS, deadline=progress.request.deadline)


def end_items(request: Request, state: ItemState) -> tuple[AskedItem, ...]:
    """All items; those that nothing was delivered for are in `state`."""
    return tuple(
        item.model_copy(update={"state": state}) if item.state is ItemState.OPEN else item for item in request.asked
    )
