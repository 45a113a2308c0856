"""A file and its claims: which request may use it, and how long it is kept. Pure.

A claim announces that a request will name the file. The fact that names it confirms the claim. Unconfirmed claims do not
exclude each other: it is not known yet which of two submits reaches the log.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from services.common.contracts.base import Value
from services.common.contracts.limits import UNCLAIMED_SECONDS
from services.common.domain.decision import Decision, changed, refused, unchanged
from services.common.domain.timers import Timer
from services.documents.messages import FileAccepted, FileRefused, MessageAdded, Naming

CLAIM_LASTS: Final = timedelta(days=35)
"""Longer than the retention of the log (29 days), which may still deliver the fact that confirms it."""

CLAIM_RENEWED_AFTER: Final = timedelta(days=1)
"""A repeated claim is saved again only if it is this old, so that many retries cause one write."""

UNCLAIMED_LASTS: Final = timedelta(seconds=UNCLAIMED_SECONDS)

MAX_CLAIMS: Final = 200
"""Maximum number of unconfirmed claims on one file."""

EXPIRE: Final = "expire"
CLAIM_ENDS: Final = "claim-ends"

Code = Literal["unknown", "used"]


class Content(Value):
    """The stored bytes. `size` in bytes, `sha256` in hexadecimal, `object_key` is the key in the bucket."""

    name: str
    media_type: str
    size: int
    sha256: str
    object_key: str
    stored_at: datetime


class Claim(Value):
    """`at`: when the claim was last made."""

    request_id: UUID
    at: datetime


class File(Value):
    """One file. Without `content` only its id is known: a fact named it, or it has expired.

    `unclaimed_since` is set while it has no claim. `discarded` has the keys of objects to remove: each is saved here before
    the object is removed.
    """

    owner: UUID | None = None
    content: Content | None = None
    claims: tuple[Claim, ...] = ()
    confirmed_for: UUID | None = None
    unclaimed_since: datetime | None = None
    discarded: tuple[str, ...] = ()

    @property
    def state(self) -> Literal["stored", "claimed", "accepted", "expired"]:
        if self.content is None:
            return "expired"
        if self.confirmed_for is not None:
            return "accepted"
        return "claimed" if self.claims else "stored"

    def claimed_by(self, request_id: UUID) -> Claim | None:
        return next((claim for claim in self.claims if claim.request_id == request_id), None)


class AnotherFile(Exception):
    """Another file, or a file of another owner, is already stored under this id."""


class NotClaimable(Exception):
    """No file was claimed, because some cannot be claimed. `codes` has the reasons by document id."""

    def __init__(self, codes: Mapping[UUID, Code]) -> None:
        super().__init__(f"{len(codes)} files cannot be claimed")
        self.codes = codes


def store(current: File | None, owner: UUID, content: Content) -> File:
    """The file with `content`, or the unchanged file if it already has the same bytes. Raises `AnotherFile`."""
    if current is not None and current.content is not None:
        return same_file(current, owner, content.sha256)
    if current is not None and current.owner not in (None, owner):
        raise AnotherFile
    discarded = current.discarded if current is not None else ()
    return File(owner=owner, content=content, unclaimed_since=content.stored_at, discarded=discarded)


def same_file(current: File, owner: UUID, sha256: str) -> File:
    """`current` if it has this owner and these bytes. Raises `AnotherFile`."""
    if current.content is None or current.owner != owner or current.content.sha256 != sha256:
        raise AnotherFile
    return current


def visible(current: File | None, owner: UUID) -> bool:
    """Whether this owner may see the file. An expired file is visible to nobody."""
    return current is not None and current.content is not None and current.owner == owner


def claim(files: Mapping[UUID, File | None], request_id: UUID, owner: UUID, at: datetime) -> dict[UUID, File]:
    """All `files`, claimed for the request. Files that were claimed already are unchanged. Raises `NotClaimable` if any cannot be."""
    codes = {each: code for each, file in files.items() if (code := _claim_error(file, request_id, owner))}
    if codes:
        raise NotClaimable(codes)
    return {each: _claimed(file, request_id, at) for each, file in files.items() if file is not None}


def _claim_error(file: File | None, request_id: UUID, owner: UUID) -> Code | None:
    """Another owner's file counts as unknown."""
    if file is None or not visible(file, owner):
        return "unknown"
    if file.confirmed_for is not None:
        return None if file.confirmed_for == request_id else "used"
    too_many = len(file.claims) >= MAX_CLAIMS and file.claimed_by(request_id) is None
    return "used" if too_many else None


def _claimed(file: File, request_id: UUID, at: datetime) -> File:
    existing = file.claimed_by(request_id)
    if file.confirmed_for == request_id or (existing and at - existing.at < CLAIM_RENEWED_AFTER):
        return file
    others = tuple(each for each in file.claims if each is not existing)
    claims = (*others, Claim(request_id=request_id, at=at))
    return file.model_copy(update={"claims": claims, "unclaimed_since": None})


def confirm(current: File | None, document_id: UUID, event: Naming) -> Decision[File]:
    """A registered request or an added message names the file: confirm its claim, and publish the result for intake.

    It is published again if the file is delivered for an item that was asked: intake waits for its check.
    """
    if current is not None and current.confirmed_for == event.request_id:
        if current.content is None or not _delivers(event, document_id):
            return unchanged(current)
        return changed(current, _acceptance(current.content, document_id, event))
    claimed = current is not None and current.confirmed_for is None and current.claimed_by(event.request_id)
    if current is None or current.content is None or not claimed:
        return refused(current or File(), _refusal(current, document_id, event))
    confirmed = {"claims": (), "confirmed_for": event.request_id, "unclaimed_since": None}
    return changed(current.model_copy(update=confirmed), _acceptance(current.content, document_id, event))


def _delivers(event: Naming, document_id: UUID) -> bool:
    return isinstance(event, MessageAdded) and any(document_id in item.documents for item in event.items)


def _acceptance(content: Content, document_id: UUID, event: Naming) -> FileAccepted:
    return FileAccepted(
        request_id=event.request_id,
        reference=event.reference,
        occurred_at=event.occurred_at,
        document_id=document_id,
        name=content.name,
        media_type=content.media_type,
        size=content.size,
        sha256=content.sha256,
    )


def _refusal(current: File | None, document_id: UUID, event: Naming) -> FileRefused:
    """Only the owner learns that the file has expired. Others learn only that it is not claimed."""
    expired = current is not None and current.content is None and current.owner == event.account_id
    return FileRefused(
        request_id=event.request_id,
        reference=event.reference,
        occurred_at=event.occurred_at,
        document_id=document_id,
        because="expired" if expired else "not-claimed",
    )


def timers(file: File) -> Sequence[Timer]:
    """The end of the oldest claim, or the expiry of a file without claims."""
    if file.content is None or file.confirmed_for is not None:
        return ()
    if file.claims:
        return (Timer(CLAIM_ENDS, min(each.at for each in file.claims) + CLAIM_LASTS),)
    return (Timer(EXPIRE, file.unclaimed_since + UNCLAIMED_LASTS),) if file.unclaimed_since else ()


def end_claims(current: File | None, due: datetime) -> Decision[File]:
    """End the claims that nothing can confirm any more. Without a claim left, the file is unclaimed since `due`."""
    if current is None or current.confirmed_for is not None:
        return unchanged(current)
    lasting = tuple(each for each in current.claims if each.at + CLAIM_LASTS > due)
    if len(lasting) == len(current.claims):
        return unchanged(current)
    since = None if lasting else due
    return changed(current.model_copy(update={"claims": lasting, "unclaimed_since": since}))


def expire(current: File | None, due: datetime) -> Decision[File]:
    """Expire the file, unless it was claimed since. `cleaning` removes its bytes later."""
    if current is None or current.content is None or due not in _expiries(current):
        return unchanged(current)
    return changed(File(owner=current.owner, discarded=(*current.discarded, current.content.object_key)))


def _expiries(file: File) -> Iterable[datetime]:
    return (each.at for each in timers(file) if each.kind == EXPIRE)


def forget(current: File | None, object_key: str) -> File:
    """The file after a discarded object was removed."""
    file = current or File()
    return file.model_copy(update={"discarded": tuple(each for each in file.discarded if each != object_key)})


def holds(current: File | None, object_key: str) -> bool:
    """Whether the object has the current bytes of the file."""
    return current is not None and current.content is not None and current.content.object_key == object_key


def home_key(document_id: UUID, file: File) -> str:
    """The key whose partition decides which process handles the timers: the latest request's id, or before that the file's."""
    if file.confirmed_for is not None:
        return str(file.confirmed_for)
    return str(file.claims[-1].request_id if file.claims else document_id)
