"""`documents.lifecycle.v1`: the state of each file a request names, said once the fact that names it was read."""

from uuid import UUID

from services.common.contracts import topics
from services.common.contracts.base import Code, Fact, Text


class FileFact(Fact, families=(topics.DOCUMENTS,)):
    document_id: UUID


class FileAccepted(FileFact, type="document.accepted"):
    """The file may be opened by the department. `size` in bytes; `sha256` in hexadecimal."""

    name: Text
    media_type: str
    size: int
    sha256: str


class FileRefused(FileFact, type="document.refused"):
    """`because`: `not-claimed` (nobody who may use the file named it), `expired` (its bytes are gone)."""

    because: Code
