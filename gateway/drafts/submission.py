"""Files a draft as a request, once: two windows, two devices and every repetition send one frozen body under one key."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import structlog
from pydantic import JsonValue, ValidationError

from gateway.accounts.domain import Session
from gateway.drafts import domain
from gateway.drafts.content import request_body
from gateway.drafts.domain import Draft
from gateway.drafts.revisions import Revisions, now, require_version
from gateway.requests.domain import fingerprint, sending_errors
from gateway.requests.receipts import Receipt
from gateway.requests.request_command import RequestCommand
from gateway.requests.schemas import NewRequest
from gateway.requests.submissions import SubmissionService
from services.common.catalogue import Language, catalogue
from services.common.domain.errors import StoreUnavailable
from services.common.http import problem_types
from services.common.http.field_errors import FieldError, errors_of
from services.common.http.problems import Problem
from services.common.legal_clock import day_of
from services.common.messaging.failpoints import ARMED, Failpoint, reach

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class DraftSubmission:
    """Between the freeze and the reference, the process may die anywhere: the next call sends the same body again, and gets
    the same reference.
    """

    revisions: Revisions
    submissions: SubmissionService

    async def submit(
        self, session: Session, draft_id: UUID, version: int, language: Language | None, traceparent: str | None
    ) -> Receipt:
        """The receipt of the draft's request. `language` counts if the draft names none. Raises a `Problem`."""
        draft = await self._begin(session, draft_id, version, language or session.language)
        if (receipt := domain.receipt_of(draft)) is not None:
            return receipt
        ARMED and reach(Failpoint.DRAFT_FROZEN)
        receipt = await self._send(session, draft, traceparent)
        ARMED and reach(Failpoint.DRAFT_SENT)
        saved = await self._settle(session, draft_id, lambda each: domain.filed(each, receipt, now()))
        return (saved and domain.receipt_of(saved)) or receipt

    async def _begin(self, session: Session, draft_id: UUID, version: int, language: Language) -> Draft:
        """The draft with one more attempt, or the filed one. A body that no request may have does not freeze it."""

        async def begin(draft: Draft) -> Draft:
            require_version(draft, version)
            if draft.filed_as is not None:
                return draft
            body = request_body(draft.content, language)
            if draft.sending is None and (errors := _errors(body, session)):
                raise Problem(problem_types.INVALID, *errors)
            return domain.attempted(draft, body, now())

        return await self.revisions.update(session, draft_id, begin)

    async def _send(self, session: Session, draft: Draft, traceparent: str | None) -> Receipt:
        """Publish the frozen body. After any problem but `not-confirmed` this attempt has published nothing."""
        assert draft.sending is not None
        body, key = draft.sending.body, f"draft-{draft.draft_id}"
        try:
            command = RequestCommand(session, key, _request(body), fingerprint(body), None, traceparent)
            return await self.submissions.submit(command, today=day_of(draft.sending.since or now()))
        except Problem as problem:
            if problem.kind is problem_types.NOT_CONFIRMED:
                raise Problem(problem_types.DRAFT_NOT_CONFIRMED, retry_after=problem.retry_after) from None
            await self._settle(session, draft.draft_id, domain.refused)
            raise

    async def _settle(self, session: Session, draft_id: UUID, change: Callable[[Draft], Draft]) -> Draft | None:
        """Save how an attempt ended. If it cannot be saved the draft stays frozen: sending it again is safe."""

        async def settle(draft: Draft) -> Draft:
            return change(draft)

        try:
            return await self.revisions.update(session, draft_id, settle)
        except (Problem, StoreUnavailable) as error:
            log.warning("outcome of a draft not saved", because=type(error).__name__)
            return None


def _errors(body: dict[str, JsonValue], session: Session) -> list[FieldError]:
    return sending_errors(catalogue(), _request(body), session, day_of(datetime.now(UTC)))


def _request(body: dict[str, JsonValue]) -> NewRequest:
    """The request with this body. Raises the problem `invalid`."""
    try:
        return NewRequest.model_validate(body)
    except ValidationError as error:
        raise Problem(problem_types.INVALID, *errors_of(error, NewRequest)) from None
