"""Files, claims and facts as a test needs them."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

from services.common.domain.identifiers import reference_of
from services.documents.domain import Content, File, claim, store
from services.documents.messages import MessageAdded, RequestRegistered

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
OWNER = UUID("5d1f7c1e-0000-4000-8000-000000000001")
OTHER_OWNER = UUID("5d1f7c1e-0000-4000-8000-000000000002")
DOCUMENT = UUID("d0c00000-0000-4000-8000-000000000001")


def content(sha256: str = "a" * 64, at: datetime = NOON) -> Content:
    return Content(
        name="recibo.pdf",
        media_type="application/pdf",
        size=4,
        sha256=sha256,
        object_key=f"{DOCUMENT}/{uuid4()}",
        stored_at=at,
    )


def stored(at: datetime = NOON) -> File:
    return store(None, OWNER, content(at=at))


def claimed(file: File, *requests: UUID, at: datetime = NOON) -> File:
    for request_id in requests:
        file = claim({DOCUMENT: file}, request_id, OWNER, at)[DOCUMENT]
    return file


def registered(request_id: UUID, *documents: UUID, account_id: UUID = OWNER) -> RequestRegistered:
    return RequestRegistered(
        **_fact(request_id, documents, account_id),
        seq=1,
        state="registered",
        who="P",
        subject="DOE-01",
        reason="INF",
        catalogue_version=1,
        language="pt",
        description="Quanto recebo?",
        entered_on=date(2026, 3, 2),
        due_on=date(2026, 3, 16),
        calendar="PT",
    )


def written(request_id: UUID, *documents: UUID, account_id: UUID = OWNER) -> MessageAdded:
    return MessageAdded(**_fact(request_id, documents, account_id), seq=4, state="in_analysis", act_id="a-1")


def _fact(request_id: UUID, documents: tuple[UUID, ...], account_id: UUID) -> dict[str, Any]:
    """The fields that both events have."""
    return {
        "request_id": request_id,
        "reference": reference_of(request_id),
        "occurred_at": NOON,
        "account_id": account_id,
        "documents": documents or (DOCUMENT,),
    }
