"""Withdrawals through the pages: held for a few minutes, in which the person can undo them, and then published.

A withdrawal is in the store before the person is told of it. Every replica publishes those that are final: the id of the act is
stored with it, so intake applies it once, however often it is published.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

import structlog
from pydantic import ValidationError
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
"""Seconds between two reads of final withdrawals."""

BATCH: Final = 100
"""Withdrawals that one read publishes at most."""

KEPT: Final = timedelta(hours=24)
"""How long a published one is kept, so that the pages say so until its outcome is known."""


class HeldWithdrawal(NamedTuple):
    """A withdrawal that takes effect at `due_at`. A final one can no longer be undone."""

    due_at: datetime
    is_final: bool


class HeldWithdrawalStore:
    """`held_withdrawals` by request: pending, then final, then published; or parked, if it cannot be read."""

    def __init__(self, database: Database) -> None:
        self._held = database["held_withdrawals"]

    async def ensure_indexes(self) -> None:
        indexes = [
            IndexModel([("is_published", ASCENDING), ("is_parked", ASCENDING), ("due_at", ASCENDING)]),
            IndexModel([("account_id", ASCENDING)]),
            IndexModel([("expires_at", ASCENDING)], expireAfterSeconds=0),
        ]
        async with store_deadline():
            await self._held.create_indexes(indexes)

    async def add(self, act: Withdrawn, act_id: UUID, due_at: datetime, traceparent: str | None) -> None:
        """Hold the withdrawal, unless one of this request is held already and was not published."""
        fields = {
            "account_id": act.account_id,
            "act": act.model_dump(mode="json"),
            "act_id": act_id,
            "traceparent": traceparent,
            "due_at": due_at,
            "is_final": False,
            "is_published": False,
            "is_parked": False,
        }
        async with store_deadline():
            replaced = await self._held.replace_one({"_id": act.reference, "is_published": True}, fields)
            if not replaced.matched_count:
                await self._held.update_one({"_id": act.reference}, {"$setOnInsert": fields}, upsert=True)

    async def find(self, reference: str, account_id: UUID) -> HeldWithdrawal | None:
        async with store_deadline():
            found = await self._held.find_one({"_id": reference, "account_id": account_id})
        return None if found is None else _held(found)

    async def of_account(self, account_id: UUID) -> Mapping[str, HeldWithdrawal]:
        """The account's withdrawals that can still be undone, by reference."""
        async with store_deadline():
            found = await self._held.find({"account_id": account_id, "is_final": False}).to_list(None)
        return {each["_id"]: _held(each) for each in found}

    async def remove_pending(self, reference: str, account_id: UUID) -> None:
        async with store_deadline():
            await self._held.delete_one({"_id": reference, "account_id": account_id, "is_final": False})

    async def finalize_due(self, now: datetime) -> list[dict[str, Any]]:
        """Those that are due, not published and not parked. From here on nobody can undo them."""
        async with store_deadline():
            due = {"is_published": False, "is_parked": False, "due_at": {"$lte": now}}
            await self._held.update_many(due | {"is_final": False}, {"$set": {"is_final": True}})
            return await self._held.find(due | {"is_final": True}).limit(BATCH).to_list(None)

    async def note_published(self, reference: str, act_id: UUID, now: datetime) -> None:
        async with store_deadline():
            published = {"$set": {"is_published": True, "expires_at": now + KEPT}}
            await self._held.update_one({"_id": reference, "act_id": act_id}, published)

    async def park(self, reference: str) -> None:
        """Leave one that cannot be read to an operator."""
        async with store_deadline():
            await self._held.update_one({"_id": reference}, {"$set": {"is_parked": True}})


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

    async def undo(self, session: Session, reference: str) -> None:
        """Undo a withdrawal that is not final; otherwise nothing changes."""
        await self.store.remove_pending(reference, session.account_id)

    async def run(self) -> None:
        """Publish what is final until cancelled. What fails is tried again after the next read."""
        while True:
            await asyncio.sleep(PERIOD)
            try:
                for held in await self.store.finalize_due(datetime.now(UTC)):
                    await self._publish(held)
            except StoreUnavailable as unavailable:
                log.warning("held withdrawals not read", because=str(unavailable))

    async def _publish(self, held: Mapping[str, Any]) -> None:
        try:
            act = Withdrawn.model_validate(held["act"])
            await publish_confirmed(self.publisher, act, str(held["act_id"]), held["traceparent"])
        except Problem as problem:
            log.warning("held withdrawal not published", act=str(held["act_id"]), because=problem.kind.code)
        except ValidationError as error:
            log.critical("held withdrawal parked", act=str(held["act_id"]), errors=error.error_count())
            await self.store.park(held["_id"])
        else:
            await self.store.note_published(act.reference, held["act_id"], datetime.now(UTC))


def _held(document: Mapping[str, Any]) -> HeldWithdrawal:
    return HeldWithdrawal(document["due_at"], document["is_final"])
