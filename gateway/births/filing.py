"""Files the request of each birth.

The request is decided and stored before it is published, so every try publishes the same record, and intake registers it once. A birth
waits while no parent has an account.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from gateway.accounts.domain import Account
from gateway.accounts.store import AccountStore
from gateway.births.domain import REASON, SUBJECT, Birth, request_of
from gateway.births.store import BirthStore, StoredBirth
from gateway.requests.domain import event_id_of
from gateway.requests.publish import publish_confirmed
from services.common.catalogue import catalogue
from services.common.contracts.intake import RequestSubmitted
from services.common.domain.errors import StoreUnavailable
from services.common.http.problems import Problem
from services.common.messaging import Publisher

log = structlog.get_logger()

PERIOD: Final = 1.0
"""Seconds between two reads of births."""

TRIED_AGAIN_AFTER: Final = timedelta(hours=1)
"""While no parent has an account, or the catalogue in force has no such request."""


@dataclass(frozen=True, slots=True)
class BirthFiling:
    store: BirthStore
    accounts: AccountStore
    publisher: Publisher
    id_secret: bytes

    async def run(self) -> None:
        """File what is due until cancelled. What fails is tried again after the next read."""
        while True:
            await asyncio.sleep(PERIOD)
            try:
                await self.round(datetime.now(UTC))
            except StoreUnavailable as unavailable:
                log.warning("births not read", because=str(unavailable))
            except Problem as problem:
                log.warning("the request of a birth was not published", because=problem.kind.code)

    async def round(self, now: datetime) -> None:
        """File the requests of all births that are due. Raises a `Problem` if one cannot be published, and StoreUnavailable."""
        for stored in await self.store.due(now):
            birth_id = stored.birth.birth_id
            submission = stored.submission or await self._decide(stored.birth)
            if submission is None:
                await self.store.postpone(birth_id, now + TRIED_AGAIN_AFTER)
            else:
                await self._publish(stored, submission)

    async def _publish(self, stored: StoredBirth, submission: RequestSubmitted) -> None:
        await publish_confirmed(self.publisher, submission, event_id_of(submission), stored.traceparent)
        await self.store.note_filed(stored.birth.birth_id)

    async def _decide(self, birth: Birth) -> RequestSubmitted | None:
        """The request as it is to be published; None if there is none yet."""
        current, parent = catalogue(), await self._parent(birth)
        if not current.is_automatic(SUBJECT, REASON):
            log.error("the catalogue has no request for births", subject=SUBJECT, reason=REASON)
            return None
        if parent is None:
            return None
        return await self.store.keep_submission(birth.birth_id, request_of(birth, parent, current, self.id_secret))

    async def _parent(self, birth: Birth) -> Account | None:
        """The first parent who has an account."""
        for account_id in birth.parents:
            if (found := await self.accounts.find(account_id)) is not None:
                return found
        return None
