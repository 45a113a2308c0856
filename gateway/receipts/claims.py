"""What a receipt of a request says. Pure."""

import hashlib
import json
from collections.abc import Sequence
from typing import Final

from gateway.requests.queries import Found
from gateway.requests.status import status_of
from services.common.receipts.signed_deadline import SignedDeadline
from services.common.receipts.verification import MergedFiles, ReceiptClaims, SignedFile

_canonical: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode

_CHECKED: Final = ("request.document-accepted", "request.document-refused")
"""The facts that say how the check of a file ended."""

FILES_IN_CODE: Final = 3
"""Files up to which the code of a receipt on paper has the SHA-256 of each."""


def claims_of(found: Found) -> ReceiptClaims | None:
    """None until the view of the request is written and each of its files is checked: its words and their SHA-256 are not known before.
    The same view gives the same receipt.
    """
    view = found.view
    if view is None or view.description is None:
        return None
    if not set(view.documents) <= {fact.document_id for fact in view.facts.values() if fact.type in _CHECKED}:
        return None
    deadline = status_of(view).deadline
    files = [fact for _, fact in sorted(view.facts.items()) if fact.document_id in view.documents and fact.sha256]
    return ReceiptClaims(
        reference=view.reference,
        filed_at=found.receipt.filed_at,
        as_of=view.updated_at,
        subject=view.subject,
        reason=view.reason,
        text_sha256=_sha256(view.description),
        answers_sha256=_sha256(_canonical({each.name: each.value for each in view.answers})) if view.answers else None,
        files=tuple(SignedFile(name=each.document_name, sha256=each.sha256) for each in files if each.sha256),
        department=view.department,
        deadline=None if deadline is None else SignedDeadline.of(deadline),
    )


def short(claims: ReceiptClaims) -> ReceiptClaims:
    """What the code of a receipt on paper says. It is short enough for phones, whatever files the request has."""
    deadline = claims.deadline and claims.deadline.model_copy(update={"reason": None})
    merged = merged_files(claims.files)
    files = () if merged else tuple(SignedFile(sha256=each.sha256) for each in claims.files)
    return claims.model_copy(update={"files": files, "merged_files": merged, "deadline": deadline})


def merged_files(files: Sequence[SignedFile]) -> MergedFiles | None:
    """None for so few files that a code has room for each."""
    if len(files) <= FILES_IN_CODE:
        return None
    lines = "".join(f"{each.sha256}\n" for each in files)
    return MergedFiles(count=len(files), sha256=_sha256(lines))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
