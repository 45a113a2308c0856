"""Reads of requests. An account reads only its own requests, and reads its own writes."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Final
from uuid import UUID

from gateway.accounts.domain import Session
from gateway.limits.concurrency import ConcurrencyLimit, KeyedLimit
from gateway.requests.cursor import PageEnd, cursor_of, parse_cursor
from gateway.requests.list_filter import ListFilter
from gateway.requests.receipts import IssuedReceipts, Receipt, parse_receipt
from gateway.requests.store import ViewStore
from gateway.requests.view import RequestView, seq_key
from services.common.contracts.lifecycle import State
from services.common.domain.errors import StoreUnavailable
from services.common.domain.identifiers import parse_reference
from services.common.http import problem_types
from services.common.http.field_errors import FieldError
from services.common.http.problems import Problem

VIEW_WAIT: Final = 0.25
"""Seconds a read waits for the view of a request whose receipt is known."""

ACT_WAIT: Final = 1.0
"""Seconds a read waits for the outcome of an act, which goes through intake first, or for a fact with a given number."""

POLL: Final = 0.025
"""Seconds between two reads of the store while a request waits."""

READS: Final = 256
"""Concurrent reads of one request, including those that wait for a view."""

LISTS: Final = 32
"""Concurrent reads of lists. More of the longest lists than this would all miss the store's deadline."""

READS_OF_ONE_ACCOUNT: Final = 64
LISTS_OF_ONE_ACCOUNT: Final = 16

WAITING: Final = 8
"""Concurrent reads of one account that wait for the outcome of an act or for a fact."""


@dataclass(frozen=True, slots=True)
class Found:
    """A request. `view` is None until the worker has written it; until then only the receipt is known."""

    view: RequestView | None
    receipt: Receipt

    @property
    def is_restricted(self) -> bool:
        """Whether nobody else of the account may read it."""
        return self.receipt.actor_id is not None or (self.view is not None and self.view.restricted_to is not None)


@dataclass(frozen=True, slots=True)
class RequestQueries:
    views: ViewStore
    issued: IssuedReceipts
    secret: bytes
    _limit: ConcurrencyLimit = field(default_factory=lambda: ConcurrencyLimit("reads", READS))
    _lists: ConcurrencyLimit = field(default_factory=lambda: ConcurrencyLimit("lists", LISTS))
    _own: KeyedLimit = field(default_factory=lambda: KeyedLimit("reads-of-one-account", READS_OF_ONE_ACCOUNT))
    _own_lists: KeyedLimit = field(default_factory=lambda: KeyedLimit("lists-of-one-account", LISTS_OF_ONE_ACCOUNT))
    _waits: KeyedLimit = field(default_factory=lambda: KeyedLimit("waiting-reads-of-one-account", WAITING))

    async def get(
        self,
        session: Session,
        typed: str,
        receipt_token: str | None,
        after: UUID | None = None,
        seq: int | None = None,
    ) -> Found:
        """The request whose reference was `typed`. Waits a bounded time for the outcome of the act `after`, and for the fact
        with the number `seq`.

        Raises the problem `not-found` for an unknown request and for a request of another account, or `reference` for a
        text that is not a valid reference.
        """
        found = await self.find(session, _parse(typed), receipt_token, after, seq)
        if found is None:
            raise not_found()
        return found

    async def find(
        self,
        session: Session,
        reference: str,
        receipt_token: str | None,
        after: UUID | None = None,
        seq: int | None = None,
    ) -> Found | None:
        """The request; None for an unknown one, and for one of another account."""
        receipt = self._receipt(session, reference, receipt_token)
        waits = self._waits.acquire(session.account_id) if after or seq else nullcontext()
        with waits, self._own.acquire(session.account_id), self._limit:
            view = await self._view(reference, partial(max_wait, session, receipt, after, seq))
        if view is not None and view.may_be_read_by(session):
            # The view has the time of the first append. A retry on another replica may have a receipt with a later one.
            return Found(view, receipt._replace(filed_at=view.filed_at) if receipt else _receipt_of(view))
        if view is None and receipt is not None:
            return Found(None, receipt)
        return None

    async def require_owned(self, session: Session, typed: str, receipt_token: str | None) -> UUID:
        """The id of the account's own request. A valid receipt proves ownership. Raises the same problems as `get`."""
        reference = _parse(typed)
        receipt = self._receipt(session, reference, receipt_token)
        if receipt is not None:
            return receipt.request_id
        with self._own.acquire(session.account_id), self._limit:
            view = await self.views.find(reference)
        if view is None or not view.may_be_read_by(session):
            raise not_found()
        return view.request_id

    async def has_act(self, reference: str, act_id: UUID) -> bool:
        """Whether the request's view shows the act; False while the store is unavailable."""
        try:
            view = await self.views.find(reference)
        except StoreUnavailable:
            return False
        return view is not None and bool(view.outcome_of(act_id))

    async def list(
        self, session: Session, wanted: ListFilter, cursor: str | None, limit: int
    ) -> tuple[list[RequestView], str | None]:
        """A page of the account's requests that fit, newest first, and the cursor of the next page (None on the last).

        Raises the problem `cursor` for a cursor that is invalid, or of another account or filter.
        """
        after: PageEnd | None = None
        wanted = wanted.readable_by(session.actor_id)
        if cursor is not None:
            after = parse_cursor(self.secret, session.account_id, wanted, cursor)
            if after is None:
                raise Problem(problem_types.CURSOR)
        with self._own_lists.acquire(session.account_id), self._lists:
            views = await self.views.page(session.account_id, wanted, after, limit + 1)
        if len(views) <= limit:
            return views, None
        last = views[limit - 1]
        return views[:limit], cursor_of(self.secret, session.account_id, wanted, (last.filed_at, last.reference))

    async def counts(self, session: Session, wanted: ListFilter) -> Mapping[State, int]:
        """How many of the account's requests that fit are in each state; states without any are missing."""
        with self._own_lists.acquire(session.account_id), self._lists:
            return await self.views.counts(session.account_id, wanted.readable_by(session.actor_id))

    def _receipt(self, session: Session, reference: str, token: str | None) -> Receipt | None:
        """The receipt of this reference and account: sent by the client, or issued recently by this replica."""
        for receipt in (parse_receipt(self.secret, token) if token else None, self.issued.get(reference)):
            if receipt and receipt.reference == reference and receipt.may_be_read_by(session):
                return receipt
        return None

    async def _view(self, reference: str, wait: Callable[[RequestView | None], float]) -> RequestView | None:
        """Polls the view until `wait(view)` seconds have passed; `wait` is 0 for a view that is complete."""
        started = asyncio.get_running_loop().time()
        while True:
            view = await self.views.find(reference)
            if asyncio.get_running_loop().time() - started >= wait(view):
                return view
            await asyncio.sleep(POLL)


def max_wait(
    session: Session, receipt: Receipt | None, after: UUID | None, seq: int | None, view: RequestView | None
) -> float:
    """Seconds to wait for a newer view.

    It is 0 for an unknown request and for a request of another account: the response time must not reveal which.
    """
    if view is None:
        return 0.0 if receipt is None else VIEW_WAIT
    decided = after is None or view.outcome_of(after)
    complete = decided and (seq is None or seq_key(seq) in view.facts)
    return 0.0 if complete or not view.may_be_read_by(session) else ACT_WAIT


def _parse(typed: str) -> str:
    reference = parse_reference(typed)
    if reference is None:
        raise Problem(problem_types.REFERENCE)
    return reference


def _receipt_of(view: RequestView) -> Receipt:
    """A receipt made from the view. Its `content` is empty, because the view does not keep the body's fingerprint."""
    subject, reason = view.subject or "", view.reason or ""
    return Receipt(
        view.reference, view.request_id, view.account_id, view.filed_at, subject, reason, "", view.restricted_to
    )


def not_found() -> Problem:
    """With `Retry-After`, because the view of a new request may be written a moment later."""
    return Problem(problem_types.NOT_FOUND, FieldError("unknown_reference", parameter="reference"), retry_after=1)
