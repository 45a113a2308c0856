"""The gateway's settings, beside those of every process."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field, StringConstraints

from services.common.runtime.settings import PublicListener, Secret

Limit = Annotated[int, Field(ge=1)]
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

    account_limits_times: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    """Multiplies every limit of an account: for trials and tests that send as one person what hundreds would."""

    company_limits_times: Annotated[int, Field(ge=1, le=1_000)] = 10
    """How much more a company may do than a person, within an hour and in bytes."""

    requests_per_hour: Limit = 60
    """Requests that a person may file in an hour, at all replicas together."""

    requests_burst: Limit = 20
    """Of those, the ones at once at one replica."""

    acts_per_hour: Limit = 60
    """Messages and withdrawals of a person in an hour."""

    acts_burst: Limit = 20

    uploads_per_hour: Limit = 60
    """Files that a person may upload in an hour."""

    uploads_burst: Limit = 20

    upload_mib_per_hour: Limit = 500
    """MiB of all files that a person may upload in an hour."""

    draft_changes_per_hour: Limit = 3600
    """Changes of a person's drafts in an hour. A page that saves every two seconds makes half of them."""

    draft_changes_burst: Limit = 60

    sign_ins_per_hour: Limit = 60
    """Sign-ins of a person with the right password in an hour, at all replicas together; then one every 30 seconds."""

    stored_mib: Limit = 1024
    """MiB of all files that are stored for a person."""

    withdrawal_undo_seconds: Annotated[int, Field(ge=0, le=3600)] = 300
    """Seconds in which a person can undo a withdrawal made on the pages. Only then the department learns of it."""

    @property
    def session_idle(self) -> timedelta:
        return timedelta(minutes=self.session_idle_minutes)

    @property
    def withdrawal_undo(self) -> timedelta:
        return timedelta(seconds=self.withdrawal_undo_seconds)

    @property
    def id_secret(self) -> bytes:
        return self.postigo_id_secret.get_secret_value().encode()

    @property
    def cursor_secret(self) -> bytes:
        return self.postigo_cursor_secret.get_secret_value().encode()
