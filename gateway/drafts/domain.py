"""A draft of a request: its versions, its files, and how it is sent once. Pure: no input or output.

While it is sent, it is frozen with the exact body: an edit after a submission that was not confirmed would file a second request.
"""

from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from pydantic import JsonValue

from gateway.accounts.domain import Session
from gateway.drafts.content import DraftContent
from gateway.requests.receipts import Receipt
from services.common.contracts.internal import DocumentResponse
from services.common.domain.identifiers import keyed_id
from services.common.domain.values import Value

KEPT: Final = timedelta(days=30)
"""How long a draft is kept after its last change."""

KEPT_FILED: Final = timedelta(hours=24)
"""How long a filed draft is kept, so that going back in the browser shows the receipt."""

MAX_DRAFTS: Final = 20
"""Drafts of one account that are not filed."""

CLAIM_RENEWED_AFTER: Final = timedelta(days=2)
"""The age at which a change of the draft renews its claim on a file. A claim lasts 35 days, a draft 30 after its last change."""

State = Literal["editing", "submitting", "filed"]


class DraftFile(Value):
    """A file of a draft. `size` in bytes. `claimed_at`: when the draft last claimed it."""

    document_id: UUID
    name: str
    media_type: str
    size: int
    claimed_at: datetime


class Sending(Value):
    """The body that is being sent, frozen, and the number of attempts that may have reached the log."""

    body: dict[str, JsonValue]
    attempts: int
    since: datetime | None = None
    """When it was sent first: its answers are judged by that day. Drafts of older versions have none."""


class FiledAs(Value):
    """The request that the draft became. `content` is the fingerprint of its body, in hexadecimal. `restricted_to` is the only person
    of the account who may read it; None if all may.
    """

    reference: str
    request_id: UUID
    filed_at: datetime
    content: str
    restricted_to: UUID | None = None


class Draft(Value):
    """`version` numbers what the person wrote. `revision` is the compare-and-set token, which each save raises.

    `created_as` is the fingerprint of the first content: it recognises another content under the same key.
    """

    draft_id: UUID
    account_id: UUID
    actor_id: UUID
    version: int
    revision: int
    created_at: datetime
    updated_at: datetime
    expires_at: datetime
    created_as: str
    content: DraftContent
    files: tuple[DraftFile, ...] = ()
    sending: Sending | None = None
    filed_as: FiledAs | None = None

    @property
    def state(self) -> State:
        if self.filed_as is not None:
            return "filed"
        return "editing" if self.sending is None else "submitting"

    @property
    def etag(self) -> str:
        """The version; with the state unless it can be edited, because the state can change without a new version."""
        return f'"{self.version}"' if self.state == "editing" else f'"{self.version}-{self.state}"'


def draft_id_of(secret: bytes, session: Session, key: str) -> UUID:
    """The id derives from owner, acting person and key, so that a retry makes no second draft."""
    return keyed_id(secret, b"draft", session.account_id.bytes, session.actor_id.bytes, key.encode())


def new_draft(
    draft_id: UUID,
    session: Session,
    created_as: str,
    content: DraftContent,
    files: tuple[DraftFile, ...],
    now: datetime,
) -> Draft:
    return Draft(
        draft_id=draft_id,
        account_id=session.account_id,
        actor_id=session.actor_id,
        version=1,
        revision=1,
        created_at=now,
        updated_at=now,
        expires_at=now + KEPT,
        created_as=created_as,
        content=content,
        files=files,
    )


def changed(draft: Draft, content: DraftContent, files: tuple[DraftFile, ...], now: datetime) -> Draft:
    """The next version."""
    next_version = {"version": draft.version + 1, "updated_at": now, "expires_at": now + KEPT}
    return draft.model_copy(update={**next_version, "content": content, "files": files})


def attempted(draft: Draft, body: dict[str, JsonValue], now: datetime) -> Draft:
    """The draft with one more attempt to send it. The first one freezes `body`; later ones send the frozen one again."""
    sending = draft.sending or Sending(body=body, attempts=0, since=now)
    once_more = sending.model_copy(update={"attempts": sending.attempts + 1})
    return draft.model_copy(update={"sending": once_more, "expires_at": now + KEPT})


def refused(draft: Draft) -> Draft:
    """The draft after an attempt that certainly did not reach the log. It can be edited again if no other one may have."""
    if draft.sending is None or draft.filed_as is not None:
        return draft
    left = draft.sending.attempts - 1
    return draft.model_copy(update={"sending": draft.sending.model_copy(update={"attempts": left}) if left else None})


def filed(draft: Draft, receipt: Receipt, now: datetime) -> Draft:
    """The draft with its request. The first receipt stays: a repetition does not change the filing time."""
    if draft.filed_as is not None:
        return draft
    filed_as = FiledAs(
        reference=receipt.reference,
        request_id=receipt.request_id,
        filed_at=receipt.filed_at,
        content=receipt.content,
        restricted_to=receipt.actor_id,
    )
    return draft.model_copy(update={"filed_as": filed_as, "expires_at": now + KEPT_FILED})


def receipt_of(draft: Draft) -> Receipt | None:
    """The receipt of the request that the draft became; None if it is not filed."""
    filed_as, content = draft.filed_as, draft.content
    if filed_as is None:
        return None
    return Receipt(
        filed_as.reference,
        filed_as.request_id,
        draft.account_id,
        filed_as.filed_at,
        content.subject or "",
        content.reason or "",
        filed_as.content,
        filed_as.restricted_to,
    )


def claimed_file(document: DocumentResponse, now: datetime) -> DraftFile:
    return DraftFile(
        document_id=document.document_id,
        name=document.name,
        media_type=document.media_type,
        size=document.size,
        claimed_at=now,
    )
