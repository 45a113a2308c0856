"""The gateway's settings, beside those of every process."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field, StringConstraints

from services.common.runtime.settings import PublicListener, Secret

Url = Annotated[str, StringConstraints(pattern=r"^https?://\S+[^/\s]$")]


class Settings(PublicListener):
    documents_url: Url
    """The base URL of the documents service."""

    postigo_id_secret: Secret
    """Derives request, document and account ids. Never rotate it: a retry would get another id and file the request
    twice. It authorises nothing."""

    postigo_cursor_secret: Secret
    """Signs receipts and list cursors. A rotation invalidates old ones; nothing is lost."""

    session_idle_minutes: Annotated[int, Field(ge=1, le=480)] = 30
    """Minutes without a request after which a session ends. It ends after eight hours in any case."""

    @property
    def session_idle(self) -> timedelta:
        return timedelta(minutes=self.session_idle_minutes)

    @property
    def id_secret(self) -> bytes:
        return self.postigo_id_secret.get_secret_value().encode()

    @property
    def cursor_secret(self) -> bytes:
        return self.postigo_cursor_secret.get_secret_value().encode()
