"""Banners in MongoDB. Only operators change them, through the gateway."""

from collections.abc import Sequence
from typing import Final

from services.common.contracts.banners import Banner
from services.common.store import Database, store_deadline

_EVERYBODY: Final = "*"
"""The key of the banner for everybody. No subject has this code."""


class BannerStore:
    """`banners` by subject, so that there is at most one for each. Ended ones stay until they are replaced or cleared."""

    def __init__(self, database: Database) -> None:
        self._banners = database["banners"]

    async def all(self) -> Sequence[Banner]:
        """That for everybody first, the others by subject."""
        async with store_deadline():
            return [Banner.model_validate(each) async for each in self._banners.find().sort("_id")]

    async def find(self, subject: str | None) -> Banner | None:
        async with store_deadline():
            found = await self._banners.find_one({"_id": subject or _EVERYBODY})
        return None if found is None else Banner.model_validate(found)

    async def put(self, banner: Banner) -> None:
        """Set or replace."""
        async with store_deadline():
            key = {"_id": banner.subject or _EVERYBODY}
            await self._banners.replace_one(key, banner.model_dump(), upsert=True)

    async def remove(self, subject: str | None) -> Banner | None:
        """The banner that was removed; None if there was none."""
        async with store_deadline():
            found = await self._banners.find_one_and_delete({"_id": subject or _EVERYBODY})
        return None if found is None else Banner.model_validate(found)
