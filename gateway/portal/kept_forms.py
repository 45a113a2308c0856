"""Forms that were sent after their session had ended. They return, filled and unsent, after a sign-in as the same account.

Until then the fields stand signed in the sign-in page itself, so that nobody without an account can make us store anything.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

import orjson
from pymongo import ASCENDING, IndexModel

from gateway.requests.signed_tokens import sign, verify
from services.common.domain.identifiers import keyed_id
from services.common.store import Database, store_deadline

OWNER_FIELD: Final = "conta"
"""The name of the field that says, opaquely, for which account a form was made."""

KEPT_FIELD: Final = "guardado"
"""The name of the field of the sign-in page, and of the query parameter, that carry a kept form."""

KEPT_FOR: Final = timedelta(minutes=30)

_PURPOSE: Final = b"kept-form/1"


@dataclass(frozen=True, slots=True)
class KeptForm:
    """`owner` is the tag of the account that the form was made for; `path` is the page of the form."""

    owner: str
    path: str
    fields: Mapping[str, list[str]]

    def sealed(self, secret: bytes, now: datetime) -> str:
        until = round((now + KEPT_FOR).timestamp())
        return sign(secret, _PURPOSE, orjson.dumps([self.owner, self.path, dict(self.fields), until]))


def unsealed(secret: bytes, text: str, now: datetime) -> KeptForm | None:
    """The form that `sealed` made; None for any other text, and after `KEPT_FOR`."""
    payload = verify(secret, _PURPOSE, text)
    if payload is None:
        return None
    owner, path, fields, until = orjson.loads(payload)
    return KeptForm(owner, path, fields) if now.timestamp() < until else None


def owner_tag(secret: bytes, account_id: UUID) -> str:
    """Says nothing about the account to anybody without the secret."""
    return hashlib.sha256(keyed_id(secret, b"form-owner", account_id.bytes).bytes).hexdigest()[:32]


class KeptForms:
    """The forms of accounts that have signed in again."""

    def __init__(self, database: Database) -> None:
        self._forms = database["kept_forms"]

    async def ensure_indexes(self) -> None:
        async with store_deadline():
            await self._forms.create_indexes([IndexModel([("expires_at", ASCENDING)], expireAfterSeconds=0)])

    async def add(self, account_id: UUID, form: KeptForm) -> UUID:
        """Keep the form for half an hour. Returns its id."""
        form_id = uuid4()
        document = {
            "_id": str(form_id),
            "account_id": account_id,
            "path": form.path,
            "fields": [[name, values] for name, values in form.fields.items()],
            "expires_at": datetime.now(UTC) + KEPT_FOR,
        }
        async with store_deadline():
            await self._forms.insert_one(document)
        return form_id

    async def find(self, account_id: UUID, path: str, form_id: str) -> Mapping[str, list[str]] | None:
        """The fields of the account's form of this page; None if there is none."""
        async with store_deadline():
            found = await self._forms.find_one({"_id": form_id, "account_id": account_id, "path": path})
        return None if found is None else dict(found["fields"])
