"""Reads and changes one draft of an account, by compare-and-set."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from gateway.accounts.domain import Session
from gateway.drafts.domain import Draft
from gateway.drafts.store import DraftStore
from services.common.http import problem_types
from services.common.http.field_errors import FieldError
from services.common.http.problems import Problem

CALLS_OF_ONE_ACCOUNT: Final = 16
"""Calls about drafts that one account may have in progress."""

TRIES: Final = CALLS_OF_ONE_ACCOUNT + 1
"""Compare-and-sets of one call. Each that fails means that another call about the draft succeeded."""


@dataclass(frozen=True, slots=True)
class Revisions:
    store: DraftStore

    async def find(self, session: Session, draft_id: UUID) -> Draft:
        """Raises the problem `not-found` for an unknown or expired draft, and for one of another account or person: it may become a
        request that nobody else may read.
        """
        draft = await self.store.find(draft_id, session.account_id, now())
        if draft is None or draft.actor_id != session.actor_id:
            raise Problem(problem_types.NOT_FOUND, FieldError("unknown_draft", parameter="draft_id"))
        return draft

    async def update(self, session: Session, draft_id: UUID, change: Callable[[Draft], Awaitable[Draft]]) -> Draft:
        """The draft after `change`, which is called again if another call was faster. Nothing is saved if it returns the same
        object. Raises the problem `not-found` or `busy`, and those of `change`.
        """
        for _ in range(TRIES):
            draft = await self.find(session, draft_id)
            after = await change(draft)
            if after is draft:
                return draft
            if (saved := await self.store.replace(draft, after)) is not None:
                return saved
        raise Problem(problem_types.BUSY, retry_after=1)

    async def remove(self, session: Session, draft_id: UUID, require: Callable[[Draft], None]) -> None:
        """Remove the draft, unless `require` raises. Raises the same problems as `update`."""
        for _ in range(TRIES):
            draft = await self.find(session, draft_id)
            require(draft)
            if await self.store.remove(draft):
                return
        raise Problem(problem_types.BUSY, retry_after=1)


def now() -> datetime:
    """In milliseconds, as the store keeps it."""
    at = datetime.now(UTC)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def require_version(draft: Draft, version: int) -> None:
    """Raises the problem `draft-changed` if the draft has another version."""
    if draft.version != version:
        raise Problem(problem_types.DRAFT_CHANGED)


def require_editable(draft: Draft, version: int) -> None:
    """Raises the problem of a draft that is filed or being sent, or that has another version."""
    if draft.state == "filed":
        raise Problem(problem_types.DRAFT_SENT)
    if draft.state == "submitting":
        raise Problem(problem_types.DRAFT_BEING_SENT)
    require_version(draft, version)
