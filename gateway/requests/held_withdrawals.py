"""Withdrawals through the pages: held for a few minutes, in which the person can undo them, and then published.

A withdrawal is in the store before the person is told of it. Every replica publishes those that are due: the id of the act is
stored with it, so intake applies it once, however often it is published.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

import structlog
from pymongo import ASCENDING, IndexModel

from gateway.accounts.domain import Session
from gateway.limits.accounts import AccountLimit
from gateway.requests import domain
from gateway.requests.publish import publish_confirmed
from gateway.requests.queries import RequestQueries
from gateway.requests.request_command import RequestCommand
from gateway.requests.schemas import NewWithdrawal
from services.common.contracts.intake import Withdrawn
from services.common.domain.errors import StoreUnavailable
from services.common.http.problems import Problem
from services.common.messaging import Publisher
from services.common.store import Database, store_deadline

log = structlog.get_logger()

PERIOD: Final = 1.0
"""Seconds between two looks for withdrawals that are due."""

AT_ONCE: Final = 100
"""Withdrawals that one look publishes at most."""


class HeldWithdrawal(NamedTuple):
    """The withdrawal of a request that takes effect at `due_at`."""

    reference: str
    due_at: datetime


class HeldWithdrawalStore:
    """`held_withdrawals` by request. `is_due` says that it can no longer be undone."""

    def __init__(self, database: Database) -> None:
        self._held = database["held_withdrawals"]

    async def ensure_indexes(self) -> None:
        indexes = [IndexModel([("due_at", ASCENDING)]), IndexModel([("account_id", ASCENDING)])]
        async with store_deadline():
            await self._held.create_indexes(indexes)

    async def add(self, act: Withdrawn, act_id: UUID, due_at: datetime, traceparent: str | None) -> None:
        """Hold the withdrawal, unless one of this request is held already."""
        fields = {
            "account_id": act.account_id,
            "act": act.model_dump(mode="json"),
            "act_id": act_id,
            "traceparent": traceparent,
            "due_at": due_at,
            "is_due": False,
        }
        async with store_deadline():
            await self._held.update_one({"_id": act.reference}, {"$setOnInsert": fields}, upsert=True)

    async def of_account(self, account_id: UUID) -> Mapping[str, HeldWithdrawal]:
        """The account's withdrawals that can still be undone, by reference."""
        query = {"account_id": account_id, "is_due": False}
        async with store_deadline():
            found = await self._held.find(query, {"due_at": 1}).to_list(None)
        return {each["_id"]: HeldWithdrawal(each["_id"], each["due_at"]) for each in found}

    async def remove_undue(self, reference: str, account_id: UUID) -> bool:
        """Whether there was one that was not due."""
        query = {"_id": reference, "account_id": account_id, "is_due": False}
        async with store_deadline():
            return bool((await self._held.delete_one(query)).deleted_count)

    async def take_due(self, now: datetime) -> list[dict[str, Any]]:
        """Those that are due. From here on nobody can undo them."""
        async with store_deadline():
            await self._held.update_many({"due_at": {"$lte": now}, "is_due": False}, {"$set": {"is_due": True}})
            return await self._held.find({"is_due": True}).limit(AT_ONCE).to_list(None)

    async def remove(self, reference: str, act_id: UUID) -> None:
        async with store_deadline():
            await self._held.delete_one({"_id": reference, "act_id": act_id})


@dataclass(frozen=True, slots=True)
class HeldWithdrawals:
    store: HeldWithdrawalStore
    publisher: Publisher
    queries: RequestQueries
    account_limit: AccountLimit
    id_secret: bytes
    held_for: timedelta

    async def hold(self, command: RequestCommand[NewWithdrawal], reference: str) -> str:
        """Hold the withdrawal of the account's own request. Again for the same request it changes nothing.

        Returns the reference in its usual form. Raises a `Problem`.
        """
        session = command.session
        request_id = await self.queries.require_owned(session, reference, None)
        act = domain.act_of(command.body, request_id, session)
        assert isinstance(act, Withdrawn)
        act_id = domain.act_id_of(self.id_secret, session, command.key, command.fingerprint, act)
        with self.account_limit.use(session):
            await self.store.add(act, act_id, datetime.now(UTC) + self.held_for, command.traceparent)
        return act.reference

    async def undo(self, session: Session, reference: str) -> bool:
        """Whether the withdrawal was undone; otherwise it was already on its way, or there was none."""
        return await self.store.remove_undue(reference, session.account_id)

    async def run(self) -> None:
        """Publish what is due until cancelled. What fails is tried again at the next look."""
        while True:
            await asyncio.sleep(PERIOD)
            try:
                for held in await self.store.take_due(datetime.now(UTC)):
                    await self._publish(held)
            except StoreUnavailable as unavailable:
                log.warning("held withdrawals not read", because=str(unavailable))
            except Problem as problem:
                log.warning("held withdrawal not published", because=problem.kind.code)

    async def _publish(self, held: Mapping[str, Any]) -> None:
        act = Withdrawn.model_validate(held["act"])
        await publish_confirmed(self.publisher, act, str(held["act_id"]), held["traceparent"])
        await self.store.remove(act.reference, held["act_id"])
