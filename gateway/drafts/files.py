"""The files of drafts. A draft claims its files, because a file without a claim is deleted after 24 hours."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import structlog

from gateway.documents.client import DocumentsClient
from gateway.drafts.domain import CLAIM_RENEWED_AFTER, DraftFile, claimed_file
from services.common.http.problems import Problem

log = structlog.get_logger()


class Claimant(NamedTuple):
    """The draft that claims, and the account that owns it and its files."""

    draft_id: UUID
    owner: UUID
    traceparent: str | None


@dataclass(frozen=True, slots=True)
class DraftFiles:
    documents: DocumentsClient

    async def claimed(
        self,
        claimant: Claimant,
        wanted: tuple[UUID, ...],
        files: tuple[DraftFile, ...],
        now: datetime,
    ) -> tuple[DraftFile, ...]:
        """The `wanted` files in their order. Claims those that are not among `files`, and renews old claims.

        Raises the problem `invalid`, which names each file that cannot be claimed, or `unavailable`.
        """
        known = {each.document_id: each for each in files if each.document_id in wanted}
        pointers = {each: f"/documents/{index}" for index, each in enumerate(wanted) if each not in known}
        found = {each.document_id: each for each in await self._claim(claimant, pointers, now)}
        renewed = await asyncio.gather(*(self._renewed(claimant, each, now) for each in known.values()))
        found |= {each.document_id: each for each in renewed}
        return tuple(found[each] for each in wanted)

    async def _claim(self, claimant: Claimant, pointers: Mapping[UUID, str], now: datetime) -> list[DraftFile]:
        if not pointers:
            return []
        draft_id, owner, traceparent = claimant
        claimed = await self.documents.claim(draft_id, owner, pointers, traceparent)
        return [claimed_file(each, now) for each in claimed]

    async def _renewed(self, claimant: Claimant, file: DraftFile, now: datetime) -> DraftFile:
        """The file with a renewed claim, if it is time. A failure keeps no text from being saved: the next change tries
        again, and the submission names a file that is gone.
        """
        if now - file.claimed_at < CLAIM_RENEWED_AFTER:
            return file
        try:
            (renewed,) = await self._claim(claimant, {file.document_id: ""}, now)
        except Problem as problem:
            log.warning("claim of a draft not renewed", because=problem.kind.code)
            return file
        return renewed
