"""The id and the name of an uploaded file. Pure: no input or output."""

from uuid import UUID

from gateway.accounts.domain import Session
from services.common.domain.identifiers import keyed_id
from services.common.http.header_values import file_name_of
from services.common.text.file_names import file_name


def document_id_of(secret: bytes, session: Session, key: str) -> UUID:
    """The id derives from owner, acting person and key. The documents service compares the content of a retry."""
    return keyed_id(secret, b"document", session.account_id.bytes, session.actor_id.bytes, key.encode())


def name_of(content_disposition: str) -> str:
    """The file name of a `Content-Disposition`, sanitised. The documents service adds the ending of the file's type."""
    return file_name(file_name_of(content_disposition))
