"""Begins, changes, deletes and submits drafts. An account reaches only its own."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final
from uuid import UUID

from gateway.accounts.domain import Session
from gateway.drafts import domain
from gateway.drafts.content import (
    DraftContent,
    code_errors,
    content_fingerprint,
    fitting,
    with_documents,
    without_document,
)
from gateway.drafts.domain import MAX_DRAFTS, Draft
from gateway.drafts.files import Claimant, DraftFiles
from gateway.drafts.revisions import Revisions, now, require_editable
from gateway.drafts.submission import DraftSubmission
from gateway.limits.accounts import AccountLimit
from gateway.limits.concurrency import ConcurrencyLimit, KeyedLimit
from gateway.requests.queries import RequestQueries
from gateway.requests.receipts import Receipt
from services.common.catalogue import Language, catalogue
from services.common.contracts.base import MAX_DOCUMENTS
from services.common.http import problem_types
from services.common.http.field_errors import FieldError
from services.common.http.problems import Problem

CALLS: Final = 64
"""Concurrent calls about drafts."""


@dataclass(frozen=True, slots=True)
class DraftService:
    revisions: Revisions
    files: DraftFiles
    submission: DraftSubmission
    queries: RequestQueries
    account_limit: AccountLimit
    places: KeyedLimit
    id_secret: bytes
    _limit: ConcurrencyLimit = field(default_factory=lambda: ConcurrencyLimit("drafts", CALLS))

    async def create(self, session: Session, key: str, content: DraftContent, traceparent: str | None = None) -> Draft:
        """A new draft; for a repeated key, the draft that was made with it, as it is now.

        Raises the problem `invalid` for codes, files and references that do not exist, `too-many-drafts`, or `key-reused`.
        """
        draft_id, created_as = domain.draft_id_of(self.id_secret, session, key), content_fingerprint(content)
        with self._place(session):
            draft = await self.revisions.store.find(draft_id, session.account_id, now())
            if draft is None:
                with self.account_limit.use(session):
                    draft = await self._create(session, draft_id, created_as, content, traceparent)
        if draft.created_as != created_as:
            raise Problem(problem_types.KEY_REUSED)
        return draft

    async def find(self, session: Session, draft_id: UUID) -> Draft:
        """Raises the problem `not-found` for an unknown or expired draft, and for one of another account."""
        with self._place(session):
            return await self.revisions.find(session, draft_id)

    async def list(self, session: Session) -> list[Draft]:
        """The person's own drafts that are not filed, the last changed first."""
        with self._place(session):
            drafts = await self.revisions.store.of_account(session.account_id, now())
        return [each for each in drafts if each.actor_id == session.actor_id]

    async def save(
        self, session: Session, draft_id: UUID, version: int, content: DraftContent, traceparent: str | None = None
    ) -> Draft:
        """The draft with this content, under the next version. Content that is stored already changes nothing, whatever `version`
        is: a save can be repeated.

        Raises the problem `draft-changed` if the draft has another version, `draft-being-sent`, `draft-sent`, or `invalid`.
        """
        return await self._save(session, draft_id, version, lambda _: content, traceparent)

    async def add_documents(
        self,
        session: Session,
        draft_id: UUID,
        version: int,
        documents: Iterable[UUID],
        traceparent: str | None = None,
    ) -> Draft:
        """The draft with these uploaded files at the end. Raises the same problems as `save`."""
        after = partial(with_documents, documents=tuple(documents))
        return await self._save(session, draft_id, version, after, traceparent)

    async def remove_document(self, session: Session, draft_id: UUID, version: int, document: UUID) -> Draft:
        """The draft without the file. Raises the same problems as `save`."""
        return await self._save(session, draft_id, version, partial(without_document, document=document), None)

    async def delete(self, session: Session, draft_id: UUID, version: int | None = None) -> None:
        """Delete the draft; any version of it without `version`. Raises the same problems as `save`."""

        def require(draft: Draft) -> None:
            require_editable(draft, draft.version if version is None else version)

        with self._change(session):
            await self.revisions.remove(session, draft_id, require)

    async def submit(
        self, session: Session, draft_id: UUID, version: int, language: Language | None, traceparent: str | None = None
    ) -> Receipt:
        """File the draft as a request, once, however often this is called. Returns the receipt of the request.

        `language` is the one that the headers name; it counts if the draft names none. Raises the problem `draft-not-confirmed` if
        the broker did not acknowledge the record in time: the draft stays frozen, and the next call sends the same again. Any other
        problem of a submission lets it be edited again, unless an earlier attempt may have reached the log.
        """
        with self._change(session):
            return await self.submission.submit(session, draft_id, version, language, traceparent)

    @contextmanager
    def _place(self, session: Session) -> Iterator[None]:
        """A place for one call. Raises the problem `too-many-at-once` or `busy`."""
        with self.places.acquire(session.account_id), self._limit:
            yield

    @contextmanager
    def _change(self, session: Session) -> Iterator[None]:
        """A place for one change, which counts for the account. Raises the problem `limit-reached`, too."""
        with self._place(session), self.account_limit.use(session):
            yield

    async def _create(
        self, session: Session, draft_id: UUID, created_as: str, content: DraftContent, traceparent: str | None
    ) -> Draft:
        """Concurrent calls may exceed `MAX_DRAFTS` together, by as many as one account may have in progress."""
        if await self.revisions.store.count(session.account_id, now()) >= MAX_DRAFTS:
            raise Problem(problem_types.TOO_MANY_DRAFTS)
        content, at = await self._checked(session, DraftContent(), content), now()
        claimant = Claimant(draft_id, session.account_id, traceparent)
        files = await self.files.claimed(claimant, content.documents, (), at)
        return await self.revisions.store.add(domain.new_draft(draft_id, session, created_as, content, files, at))

    async def _save(
        self,
        session: Session,
        draft_id: UUID,
        version: int,
        content_after: Callable[[DraftContent], DraftContent],
        traceparent: str | None,
    ) -> Draft:
        async def change(draft: Draft) -> Draft:
            content = await self._checked(session, draft.content, content_after(draft.content))
            if content == draft.content:
                return draft
            require_editable(draft, version)
            claimant, at = Claimant(draft_id, session.account_id, traceparent), now()
            files = await self.files.claimed(claimant, content.documents, draft.files, at)
            return domain.changed(draft, content, files, at)

        with self._change(session):
            return await self.revisions.update(session, draft_id, change)

    async def _checked(self, session: Session, before: DraftContent, after: DraftContent) -> DraftContent:
        """`after` without what no longer fits. Raises the problem `invalid`."""
        errors = list(code_errors(catalogue(), before, after))
        if len(after.documents) > MAX_DOCUMENTS:
            errors.append(FieldError("too_many", "/documents", limit=MAX_DOCUMENTS))
        linked = after.linked_to
        if linked and linked != before.linked_to and await self.queries.find(session, linked, None) is None:
            errors.append(FieldError("unknown_reference", "/linked_to"))
        if errors:
            raise Problem(problem_types.INVALID, *errors)
        return fitting(catalogue(), before, after)
