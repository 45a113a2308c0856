"""The gateway's settings, beside those of every process."""

import hmac
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, StringConstraints

from services.common.receipts.signing import SEED_BYTES
from services.common.runtime.settings import PublicListener, Secret

Limit = Annotated[int, Field(ge=1)]
Url = Annotated[str, StringConstraints(pattern=r"^https?://\S+[^/\s]$")]


def _seeds(value: SecretStr) -> SecretStr:
    for each in filter(None, value.get_secret_value().split(",")):
        if len(bytes.fromhex(each.strip())) != SEED_BYTES:
            raise ValueError("a seed has 64 hexadecimal digits")
    return value


class Settings(PublicListener):
    documents_url: Url
    """The base URL of the documents service."""

    public_url: Url
    """The address of the portal, which the code of a receipt on paper leads to."""

    postigo_id_secret: Secret
    """Derives request, document and account ids. Never rotate it: a retry would get another id and file the request
    twice. It authorises nothing."""

    postigo_cursor_secret: Secret
    """Signs cursors and the receipts of the API. Without `RECEIPT_KEYS` the key of public receipts derives from it, and they end with it."""

    receipt_keys: Annotated[SecretStr, AfterValidator(_seeds)] = SecretStr("")
    """The seeds of the Ed25519 keys that sign receipts, 64 hexadecimal digits each, separated by commas: the first one signs. Keep
    earlier ones behind it. Without any, a key derived from `POSTIGO_CURSOR_SECRET` signs; receipts of that one stay valid.
    """

    session_idle_minutes: Annotated[int, Field(ge=1, le=480)] = 30
    """Minutes without a request after which a session ends. It ends after eight hours in any case."""

    account_limits_times: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    """Multiplies every limit of an account, and that of departments: for trials and tests that send as one person what hundreds would."""

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

    department_contacts_per_hour: Limit = 600
    """How often a department may ask in an hour who filed a case, at all replicas together."""

    stored_mib: Limit = 1024
    """MiB of all files that are stored for a person."""

    withdrawal_undo_seconds: Annotated[int, Field(ge=0, le=3600)] = 300
    """Seconds in which a person can undo a withdrawal made on the pages. Only then the department learns of it."""

    @property
    def receipt_seeds(self) -> list[bytes]:
        """Those that were set, and then the derived one."""
        given = [each.strip() for each in self.receipt_keys.get_secret_value().split(",")]
        derived = hmac.digest(self.cursor_secret, b"receipt-key/1", "sha256")
        return [*(bytes.fromhex(each) for each in given if each), derived]

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
