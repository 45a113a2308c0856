"""Up to when a person has marked their notices as read, in MongoDB."""

import asyncio
from datetime import datetime
from typing import Final
from uuid import UUID

from gateway.requests.store import ViewStore
from services.common.store import Database, store_deadline

REQUESTS: Final = 20
"""Notices are shown and counted for this many of the newest requests."""


class NoticeMarks:
    """`notice_marks` by person: the actor of an account. A notice is unread if it was sent after the mark; without a mark all are."""

    def __init__(self, database: Database, views: ViewStore) -> None:
        self._marks = database["notice_marks"]
        self._views = views

    async def find(self, actor_id: UUID) -> datetime | None:
        async with store_deadline():
            found = await self._marks.find_one({"_id": actor_id})
        return None if found is None else found["read_until"]

    async def mark_read(self, actor_id: UUID, read_until: datetime) -> None:
        """Move the mark forward to this time; never back."""
        async with store_deadline():
            await self._marks.update_one({"_id": actor_id}, {"$max": {"read_until": read_until}}, upsert=True)

    async def remove(self, actor_id: UUID) -> None:
        async with store_deadline():
            await self._marks.delete_one({"_id": actor_id})

    async def unread(self, account_id: UUID, actor_id: UUID) -> int:
        """How many notices about the newest requests are unread."""
        mark, sent = await asyncio.gather(self.find(actor_id), self._views.notice_times(account_id, actor_id, REQUESTS))
        return sum(mark is None or at > mark for at in sent)
