"""RequestQueries requests: one's own only, and one's own writes at once."""

import asyncio
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Final
from uuid import UUID

from gateway.accounts.domain import Session
from gateway.limits import ConcurrencyLimit, PerAccountLimit
from gateway.requests.cursor import Place, cursor_of, place_of
from gateway.requests.receipts import IssuedReceipts, Receipt, parse_receipt
from gateway.requests.store import ViewStore
from gateway.requests.view import RequestView
from services.common.contracts.lifecycle import State
from services.common.domain.identifiers import parse_reference
from services.common.http import problem_types
from services.common.http.field_errors import FieldError
from services.common.http.problems import Problem

WAIT: Final = 0.25
"""Seconds a read waits for the view of a request whose receipt is known."""

WAIT_FOR_ACT: Final = 1.0
"""Seconds a read waits for the view to tell what became of an act: it goes through intake first."""

POLL: Final = 0.025

READS: Final = 256
"""Reads at once, including those that wait for a view."""

WAITING: Final = 8
"""Reads of one account that wait at once for what became of an act."""


@dataclass(frozen=True, slots=True)
class Found:
    """A request as far as it is known here. Without a view, the receipt is all there is."""

    view: RequestView | None
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class RequestQueries:
    views: ViewStore
    issued: IssuedReceipts
    secret: bytes
    _limit: ConcurrencyLimit = field(default_factory=lambda: ConcurrencyLimit("reads", READS))
    _waits: PerAccountLimit = field(default_factory=lambda: PerAccountLimit("waiting-reads-of-one-account", WAITING))

    async def get(self, session: Session, typed: str, shown_receipt: str | None, after: UUID | None = None) -> Found:
        """The request of this reference. Waits, within bounds, until the view tells what became of the act `after`.

        Raises the problem `not-found`, for unknown requests and for somebody else's alike, or `reference` for one that
        no request can have.
        """
        reference = _parsed(typed)
        receipt = self._receipt(session, reference, shown_receipt)
        place = self._waits.of(session.account_id) if after else nullcontext()
        with place, self._limit:
            view = await self._view(reference, partial(wait_for, session, receipt, after))
        if view is not None and view.account_id == session.account_id:
            # The view has the first of several appends; another replica may have issued a later one's receipt.
            return Found(view, receipt._replace(filed_at=view.filed_at) if receipt else _receipt_of(view))
        if view is None and receipt is not None:
            return Found(None, receipt)
        raise not_found()

    async def require_owned(self, session: Session, typed: str, shown_receipt: str | None) -> UUID:
        """The id of the account's own request of this reference: a receipt is proof enough. Refuses as `get` does."""
        reference = _parsed(typed)
        receipt = self._receipt(session, reference, shown_receipt)
        if receipt is not None:
            return receipt.request_id
        view = await self.views.find(reference)
        if view is None or view.account_id != session.account_id:
            raise not_found()
        return view.request_id

    async def list(
        self, session: Session, state: State | None, cursor: str | None, limit: int
    ) -> tuple[list[RequestView], str | None]:
        """A page of own requests, newest first, and the cursor of the next one."""
        after: Place | None = None
        if cursor is not None:
            after = place_of(self.secret, session.account_id, state, cursor)
            if after is None:
                raise Problem(problem_types.CURSOR)
        with self._limit:
            found = await self.views.page(session.account_id, state, after, limit + 1)
        if len(found) <= limit:
            return found, None
        last = found[limit - 1]
        return found[:limit], cursor_of(self.secret, session.account_id, state, (last.filed_at, last.reference))

    def _receipt(self, session: Session, reference: str, shown: str | None) -> Receipt | None:
        """The receipt of this reference and account: shown by the reader, or issued here lately."""
        for receipt in (parse_receipt(self.secret, shown) if shown else None, self.issued.get(reference)):
            if receipt and receipt.reference == reference and receipt.account_id == session.account_id:
                return receipt
        return None

    async def _view(self, reference: str, longest: Callable[[RequestView | None], float]) -> RequestView | None:
        """The view, as soon as nothing more of it is worth waiting for."""
        begun = asyncio.get_running_loop().time()
        while True:
            view = await self.views.find(reference)
            if asyncio.get_running_loop().time() - begun >= longest(view):
                return view
            await asyncio.sleep(POLL)


def wait_for(session: Session, receipt: Receipt | None, after: UUID | None, view: RequestView | None) -> float:
    """Seconds to wait for more than this view. Nobody waits for an unknown or a foreign request: the time would tell."""
    if view is None:
        return 0.0 if receipt is None else WAIT
    told = after is None or view.account_id != session.account_id or view.became_of(after)
    return 0.0 if told else WAIT_FOR_ACT


def _parsed(typed: str) -> str:
    reference = parse_reference(typed)
    if reference is None:
        raise Problem(problem_types.REFERENCE)
    return reference


def _receipt_of(view: RequestView) -> Receipt:
    """Issued again from the view, which does not keep the body's fingerprint."""
    subject, reason = view.subject or "", view.reason or ""
    return Receipt(view.reference, view.request_id, view.account_id, view.filed_at, subject, reason, content="")


def not_found() -> Problem:
    """It may be about to appear: the views lag behind by moments."""
    return Problem(problem_types.NOT_FOUND, FieldError("unknown_reference", parameter="reference"), retry_after=1)
