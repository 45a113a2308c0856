"""Acts of a person on their own request. Each is published before it is answered; intake applies or refuses it."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from gateway.accounts.domain import Session
from gateway.documents.client import DocumentsClient
from gateway.limits.accounts import AccountLimit
from gateway.limits.concurrency import ConcurrencyLimit, KeyedLimit
from gateway.limits.token_bucket import RateLimit
from gateway.requests import domain
from gateway.requests.idempotency_keys import IdempotencyKeys
from gateway.requests.publish import publish_confirmed
from gateway.requests.queries import RequestQueries
from gateway.requests.request_command import RequestCommand
from gateway.requests.schemas import NewAct, NewMessage
from services.common.contracts.asked import AskedItem
from services.common.contracts.intake import Act
from services.common.http import problem_types
from services.common.http.problems import Problem
from services.common.messaging import Publisher
from services.common.messaging.failpoints import ARMED, Failpoint, reach

ACTS: Final = 64
"""Concurrent acts."""

ACTS_OF_ONE_ACCOUNT: Final = 16

BURST: Final = 60
REFILL: Final = 20 * 60.0
"""The rate limit of acts on one request, for each replica: a burst, and the seconds until one more is allowed. Intake
remembers acts for 35 days; in that time the limit keeps the request's document within its maximum size.
"""


@dataclass(slots=True)
class ActService:
    documents: DocumentsClient
    publisher: Publisher
    queries: RequestQueries
    keys: IdempotencyKeys
    account_limit: AccountLimit
    places: KeyedLimit
    id_secret: bytes
    _limit: ConcurrencyLimit = field(default_factory=lambda: ConcurrencyLimit("acts", ACTS))
    _rate_limit: RateLimit = field(default_factory=lambda: RateLimit(BURST, REFILL))

    async def act(self, command: RequestCommand[NewAct], reference: str, receipt: str | None) -> tuple[Act, UUID]:
        """Publish the act on the request of `reference`, which may be typed in any form.

        Returns the act and its id after the broker acknowledged it. Raises a `Problem`.
        """
        ARMED and reach(Failpoint.ACT_READ)
        session = command.session
        key_id = domain.key_id_of(session, command.key)
        if not self.keys.is_used(key_id) and self.account_limit.is_flooded(session):
            raise self.account_limit.refusal(session)
        request_id = await self.queries.require_owned(session, reference, receipt)
        ARMED and reach(Failpoint.ACT_OWNER_KNOWN)
        act = domain.act_of(command.body, request_id, session)
        act_id = domain.act_id_of(self.id_secret, session, command.key, command.fingerprint, act)
        if self.keys.is_confirmed(key_id, act_id):
            # A retry of an acknowledged act publishes nothing and does not count for the rate limit.
            return act, act_id
        asked = await self._asked(command.body, act.reference, act_id)
        counted = await self._counted(session, key_id, act, act_id)
        with (
            self.places.acquire(session.account_id),
            self._limit,
            self.keys.reserve(key_id, act_id),
            self._rate_limited(request_id),
            counted,
        ):
            await self._claim(command, act, asked)
            await publish_confirmed(self.publisher, act, str(act_id), command.traceparent)
            ARMED and reach(Failpoint.ACT_APPENDED)
        return act, act_id

    async def _counted(self, session: Session, key_id: bytes, act: Act, act_id: UUID) -> AbstractContextManager[object]:
        """Counts an act for the account, but not its repetitions, through this replica or through another."""
        if self.keys.is_used(key_id):
            return nullcontext()
        if self.account_limit.wait(session) and await self.queries.has_act(act.reference, act_id):
            return nullcontext()
        return self.account_limit.use(session)

    @contextmanager
    def _rate_limited(self, request_id: UUID) -> Iterator[None]:
        """Takes a token, and gives it back after a problem: a failed act must not use up the person's limit."""
        if wait := self._rate_limit.take(request_id.hex):
            raise Problem(problem_types.TOO_MANY, retry_after=wait)
        try:
            yield
        except Problem:
            self._rate_limit.give_back(request_id.hex)
            raise

    async def _asked(self, body: NewAct, reference: str, act_id: UUID) -> Sequence[AskedItem]:
        """All documents asked of the person; none if the message delivers none. Raises the problem `invalid` if it delivers for one
        that was not asked for or was received already, unless by this very message.
        """
        if not isinstance(body, NewMessage) or not body.items:
            return ()
        view = await self.queries.views.find(reference)
        asked = () if view is None or view.asked is None else view.asked.items
        is_repeated = view is not None and view.outcome_of(act_id) is not None
        if not is_repeated and (errors := domain.wrong_items(body, asked)):
            raise Problem(problem_types.INVALID, *errors)
        return asked

    async def _claim(self, command: RequestCommand[NewAct], act: Act, asked: Sequence[AskedItem]) -> None:
        """Claim the files of the act. Raises the problem `invalid` for one in another format than was asked for."""
        body = command.body
        if not body.pointers:
            return
        files = await self.documents.claim(act.request_id, act.account_id, body.pointers, command.traceparent)
        ARMED and reach(Failpoint.ACT_CLAIMED)
        if isinstance(body, NewMessage) and (errors := domain.other_formats(body, asked, files)):
            raise Problem(problem_types.INVALID, *errors)
