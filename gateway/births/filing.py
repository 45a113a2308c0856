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

PUBLISHED_AGAIN_AFTER: Final = timedelta(seconds=10)
"""So that one birth that cannot be published does not keep others waiting."""

READ_AGAIN_AFTER: Final = timedelta(days=1)
"""A birth that this version of the program cannot file."""


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
                log.warning("births wait for the store", because=str(unavailable))

    async def round(self, now: datetime) -> None:
        """File the requests of all births that are due. Raises StoreUnavailable."""
        for document in await self.store.due(now):
            try:
                is_filed = await self._file(StoredBirth.of(document))
            except StoreUnavailable:
                raise
            except Problem as problem:
                log.warning("the request of a birth was not published", because=problem.kind.code)
                await self.store.postpone(document["_id"], now + PUBLISHED_AGAIN_AFTER)
            except Exception as error:
                # Our own bug with one birth must stop neither the others nor the process.
                log.critical("a birth cannot be filed", error=type(error).__name__)
                await self.store.postpone(document["_id"], now + READ_AGAIN_AFTER)
            else:
                if not is_filed:
                    await self.store.postpone(document["_id"], now + TRIED_AGAIN_AFTER)

    async def _file(self, stored: StoredBirth) -> bool:
        """False if it has no request yet. Raises a `Problem` if the request cannot be published."""
        submission = stored.submission or await self._decided(stored.birth)
        if submission is None:
            return False
        await publish_confirmed(self.publisher, submission, event_id_of(submission), stored.traceparent)
        await self.store.note_filed(stored.birth.birth_id)
        return True

    async def _decided(self, birth: Birth) -> RequestSubmitted | None:
        """The request as it is to be published; None if there is none yet, or if another replica has filed it."""
        current = catalogue()
        if not current.is_automatic(SUBJECT, REASON):
            log.error("the catalogue has no request for births", subject=SUBJECT, reason=REASON)
            return None
        parent = await self._parent(birth)
        if parent is None:
            return None
        return await self.store.keep_submission(birth.birth_id, request_of(birth, parent, current, self.id_secret))

    async def _parent(self, birth: Birth) -> Account | None:
        """The first parent who has an account."""
        for account_id in birth.parents:
            if (found := await self.accounts.find(account_id)) is not None:
                return found
        return None
