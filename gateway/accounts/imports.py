"""Imports accounts: an operator's lines of JSON, each of which creates, replaces or deletes one."""

import codecs
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import orjson
from pydantic import ValidationError

from gateway.accounts.domain import Account, DeletedAccount, NewAccount, account_id_of
from gateway.accounts.passwords import Passwords
from gateway.accounts.sessions import Sessions
from gateway.accounts.store import AccountStore, KnownNetworks
from gateway.drafts.store import DraftStore
from gateway.requests.notice_marks import NoticeMarks
from services.common.contracts.internal import ImportedAccount
from services.common.http.field_errors import FieldError, errors_of

AccountLine = NewAccount | DeletedAccount


def parse_accounts(lines: Sequence[str], first: int = 1) -> tuple[list[AccountLine], list[str]]:
    """The accounts in `lines`, and a sentence for each wrong field, which never has its value.

    `first`: the number of the first line. Blank lines are skipped.
    """
    accounts: list[AccountLine] = []
    errors: list[str] = []
    for number, line in enumerate(lines, first):
        # Some editors write a byte order mark at the beginning of a file.
        content = line.encode().removeprefix(codecs.BOM_UTF8).strip()
        if not content:
            continue
        model = _model_of(content)
        try:
            accounts.append(model.model_validate_json(content))
        except ValidationError as error:
            errors += [f"line {number}{_described(each)}" for each in errors_of(error, model)]
    return accounts, errors


def _described(error: FieldError) -> str:
    field = error.pointer.removeprefix("/") if error.pointer else ""
    return f"{field and f', {field}'}: {error.text('en')}"


def _model_of(line: bytes) -> type[AccountLine]:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return NewAccount
    return DeletedAccount if isinstance(value, dict) and "deleted" in value else NewAccount


@dataclass(frozen=True, slots=True)
class AccountImports:
    """Importing the same line again changes nothing."""

    accounts: AccountStore
    networks: KnownNetworks
    sessions: Sessions
    drafts: DraftStore
    notice_marks: NoticeMarks
    passwords: Passwords
    id_secret: bytes

    async def apply(self, line: AccountLine) -> ImportedAccount:
        if isinstance(line, NewAccount):
            return ImportedAccount(niss=line.niss, account_id=await self._put(line))
        return ImportedAccount(niss=line.niss, account_id=await self._delete(line.niss), deleted=True)

    async def _put(self, new: NewAccount) -> UUID:
        """Create or replace the account. An unchanged password keeps its stored hash; a new one ends the sessions."""
        account_id = account_id_of(self.id_secret, new.niss)
        existing = await self.accounts.find(account_id)
        known_hash = None if existing is None else existing.password_hash
        same_password = known_hash is not None and await self.passwords.verify(new.password, known_hash)
        account = Account(
            account_id=account_id,
            niss=new.niss,
            kind=new.kind,
            name=new.name,
            email=new.email,
            language=new.language,
            password_hash=known_hash if known_hash and same_password else await self.passwords.hash(new.password),
            place=new.place,
            flags=new.flags,
        )
        if account != existing:
            await self.accounts.put(account)
        if existing is not None and not same_password:
            await self.sessions.end_all(account_id, "password-changed")
        return account_id

    async def _delete(self, niss: str) -> UUID:
        """Delete the account with its sessions, known networks, drafts and mark of read notices.

        Returns its id, even if it did not exist.
        """
        account_id = account_id_of(self.id_secret, niss)
        await self.accounts.delete(account_id)
        await self.sessions.end_all(account_id, "account-deleted")
        await self.networks.forget(account_id)
        await self.drafts.remove_all(account_id)
        await self.notice_marks.remove(account_id)
        return account_id
