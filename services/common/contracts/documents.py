"""`documents.lifecycle.v1`: the state of each file of a request, published after the fact that names it."""

from uuid import UUID

from services.common.contracts import topics
from services.common.contracts.base import Code, Fact, Text


class FileFact(Fact, families=(topics.DOCUMENTS,)):
    document_id: UUID


class FileAccepted(FileFact, type="document.accepted"):
    """The department may open the file. `size` in bytes; `sha256` in hexadecimal."""

    name: Text
    media_type: str
    size: int
    sha256: str


class FileRefused(FileFact, type="document.refused"):
    """`because`: `not-claimed` (the request has no claim on it), `expired` (its bytes were removed)."""

    because: Code
