"""What the gateway is told beside what every process is."""

from typing import Annotated

from pydantic import StringConstraints

from services.common.runtime.settings import PublicListener, Secret

Url = Annotated[str, StringConstraints(pattern=r"^https?://\S+[^/\s]$")]


class Settings(PublicListener):
    documents_url: Url
    """Where the documents service takes bytes and claims."""

    postigo_id_secret: Secret
    """Derives request, document and account ids. Made once and never rotated: a rotation would double retried
    requests. Nothing is authorised by it."""

    postigo_cursor_secret: Secret
    """Signs receipts and list cursors. A rotation makes old ones invalid, and loses nothing."""

    @property
    def id_secret(self) -> bytes:
        return self.postigo_id_secret.get_secret_value().encode()

    @property
    def cursor_secret(self) -> bytes:
        return self.postigo_cursor_secret.get_secret_value().encode()
