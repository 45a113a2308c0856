"""Imports accounts from lines of JSON, by signed calls to the gateway, fifty lines at a time."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from deploy.operator.audit import Actor
from deploy.operator.internal_calls import call
from deploy.operator.session import OperatorSession
from services.common.contracts.internal import AccountLines, CheckedAccounts, ImportedAccount, ImportedAccounts
from services.common.contracts.limits import MAX_ACCOUNT_BYTES, MAX_ACCOUNT_LINES

ACTION: Final = "import-accounts"

CHECK: Final = "/internal/accounts/check"
IMPORT: Final = "/internal/accounts"

TIMEOUT_SECONDS: Final = 60.0
"""Seconds that the gateway has for one call: the hashes of fifty passwords take about two."""

UNREADABLE: Final = "\ufffd"
"""Sent instead of a line that is no text, or too long. It is no JSON either, so the gateway reports the line."""


async def check_accounts(session: OperatorSession, lines: Sequence[bytes]) -> CheckedAccounts:
    """What the import of these lines would do, and what is wrong with them. Raises OperatorError."""
    checked = [
        await call(session, "gateway", CHECK, part, CheckedAccounts, timeout=TIMEOUT_SECONDS) for part in parts(lines)
    ]
    return CheckedAccounts(
        replaced=sum(each.replaced for each in checked),
        deleted=sum(each.deleted for each in checked),
        errors=tuple(error for each in checked for error in each.errors),
    )


async def import_accounts(
    session: OperatorSession,
    actor: Actor,
    lines: Sequence[bytes],
    checked: CheckedAccounts,
    done: Callable[[Sequence[ImportedAccount]], None],
) -> None:
    """Create, replace or delete the accounts in order. Calls `done` with the accounts of each part. Raises OperatorError.

    An interrupted import can be repeated: importing a line again changes nothing.
    """
    terms = {"replaced": str(checked.replaced), "deleted": str(checked.deleted)}
    async with session.operation(actor, ACTION, checked.replaced + checked.deleted, terms) as audit:
        for part in parts(lines):
            imported = (
                await call(session, "gateway", IMPORT, part, ImportedAccounts, timeout=TIMEOUT_SECONDS)
            ).accounts
            audit.counts["deleted"] += sum(each.deleted for each in imported)
            audit.counts["replaced"] += sum(not each.deleted for each in imported)
            done(imported)


def parts(lines: Sequence[bytes]) -> Iterator[AccountLines]:
    """The lines in parts that one call may have. Each part knows the number of its first line, from 1."""
    first, size, texts = 1, 0, list[str]()
    for number, line in enumerate(lines, 1):
        if texts and (len(texts) == MAX_ACCOUNT_LINES or size + len(line) > MAX_ACCOUNT_BYTES):
            yield AccountLines(first=first, lines=tuple(texts))
            first, size, texts = number, 0, []
        text = _text(line)
        texts.append(text)
        size += len(text.encode())
    if texts:
        yield AccountLines(first=first, lines=tuple(texts))


def _text(line: bytes) -> str:
    try:
        return line.decode() if len(line) <= MAX_ACCOUNT_BYTES else UNREADABLE
    except UnicodeDecodeError:
        return UNREADABLE
