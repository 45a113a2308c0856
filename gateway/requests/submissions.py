"""Submits requests. The response waits only for the broker to acknowledge one record; the gateway writes no database."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Final

from gateway.accounts.domain import Session
from gateway.documents.client import DocumentsClient
from gateway.limits.accounts import AccountLimit
from gateway.limits.concurrency import ConcurrencyLimit, KeyedLimit
from gateway.requests import domain
from gateway.requests.idempotency_keys import IdempotencyKeys
from gateway.requests.publish import publish_confirmed
from gateway.requests.queries import Found, RequestQueries
from gateway.requests.receipts import Receipt
from gateway.requests.request_command import RequestCommand
from gateway.requests.schemas import NewRequest
from services.common.catalogue import catalogue
from services.common.contracts.intake import RequestSubmitted
from services.common.domain.errors import StoreUnavailable
from services.common.domain.identifiers import reference_of
from services.common.http import problem_types
from services.common.http.field_errors import FieldError
from services.common.http.problems import Problem
from services.common.legal_clock import day_of
from services.common.messaging import Publisher
from services.common.messaging.failpoints import ARMED, Failpoint, reach

SUBMITS: Final = 64
"""Concurrent submits. A higher limit would only make them wait for each other."""

SUBMITS_OF_ONE_ACCOUNT: Final = 16


@dataclass(slots=True)
class SubmissionService:
    """`queries` shows which requests are filed. They are read only for an account over its limit, for a linked request, and for a body that
    the catalogue refuses.
    """

    documents: DocumentsClient
    publisher: Publisher
    queries: RequestQueries
    account_limit: AccountLimit
    places: KeyedLimit
    id_secret: bytes
    receipt_secret: bytes
    keys: IdempotencyKeys = field(default_factory=IdempotencyKeys)
    limit: ConcurrencyLimit = field(default_factory=lambda: ConcurrencyLimit("submits", SUBMITS))

    async def submit(
        self, command: RequestCommand[NewRequest], linked_receipt: str | None = None, today: date | None = None
    ) -> Receipt:
        """Publish the submission. Returns its receipt after the broker acknowledged the record. Raises a `Problem`.

        `linked_receipt`: the receipt of the request that this one is linked to, if its author has it. `today`: the day by which
        answers are judged, if the request was first sent on an earlier one.
        """
        ARMED and reach(Failpoint.SUBMIT_READ)
        session, new = command.session, command.body
        request_id = domain.request_id_of(self.id_secret, session, command.key, command.fingerprint)
        key_id, issued = domain.key_id_of(session, command.key), self.queries.issued
        if self.keys.is_confirmed(key_id, request_id) and (receipt := issued.get(reference_of(request_id))):
            # A repetition counts for no limit, so it must not append a record each time: it would delay other people's.
            return receipt
        current, judged_on = catalogue(), today or day_of(datetime.now(UTC))
        if errors := domain.sending_errors(current, new, session, judged_on):
            return await self._repeated(command, reference_of(request_id), errors)
        found = await self._linked(session, new.linked_to, linked_receipt)
        event = domain.submission_event(
            request_id,
            new,
            session,
            command.language,
            current,
            None if found is None else domain.linked_request(found.receipt, found.view, current),
            restricted=found is not None and found.is_restricted,
        )
        counted = await self._counted(session, key_id, event)
        with self.places.acquire(session.account_id), self.limit, self.keys.reserve(key_id, request_id), counted:
            if new.documents:
                await self.documents.claim(request_id, session.account_id, new.pointers, command.traceparent)
                ARMED and reach(Failpoint.SUBMIT_CLAIMED)
            event_id = domain.event_id_of(event)
            appended_at = await publish_confirmed(self.publisher, event, event_id, command.traceparent)
            ARMED and reach(Failpoint.SUBMIT_APPENDED)
        return issued.add(_receipt(event, appended_at, command.fingerprint))

    async def _repeated(
        self, command: RequestCommand[NewRequest], reference: str, errors: Sequence[FieldError]
    ) -> Receipt:
        """The receipt of the request if it is filed already: what was right then is wrong since the catalogue or the day has changed.
        Raises the problem `invalid` if it is not.
        """
        found = await self.queries.find(command.session, reference, None)
        if found is None:
            raise Problem(problem_types.INVALID, *errors)
        return found.receipt._replace(content=command.fingerprint.hex())

    async def _linked(self, session: Session, reference: str | None, receipt: str | None) -> Found | None:
        """The linked request. Raises the problem `invalid` if they have no such request."""
        if reference is None:
            return None
        found = await self.queries.find(session, reference, receipt)
        if found is None:
            raise Problem(problem_types.INVALID, FieldError("unknown_reference", "/linked_to"))
        return found

    async def _counted(
        self, session: Session, key_id: bytes, event: RequestSubmitted
    ) -> AbstractContextManager[object]:
        """Counts a request for the account, but not its repetitions, through this replica or through another.

        A key that is in use for another request is refused without a read of the store, when it is reserved.
        """
        if self.keys.is_used(key_id):
            return nullcontext()
        if self.account_limit.wait(session) and await self._is_filed(event):
            return nullcontext()
        return self.account_limit.use(session)

    async def _is_filed(self, event: RequestSubmitted) -> bool:
        try:
            return await self.queries.views.find(event.reference) is not None
        except StoreUnavailable:
            return False


def _receipt(event: RequestSubmitted, appended_at: datetime, content: bytes) -> Receipt:
    return Receipt(
        event.reference,
        event.request_id,
        event.account_id,
        appended_at,
        event.subject,
        event.reason,
        content.hex(),
        event.actor_id if event.restricted else None,
    )
