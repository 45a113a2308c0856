"""The driver errors that mean the store is unavailable: a closed list. All other errors are our bugs, or poison."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final

from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    ExecutionTimeout,
    OperationFailure,
    ServerSelectionTimeoutError,
    WaitQueueTimeoutError,
    WriteConcernError,
)

from services.common.domain.errors import StoreUnavailable
from services.common.store.client import INTERACTIVE

_UNREACHABLE: Final = (
    ConnectionFailure,
    ExecutionTimeout,
    ServerSelectionTimeoutError,
    WaitQueueTimeoutError,
    WriteConcernError,
)


def _packed(sqlstate: str) -> int:
    """An SQLSTATE as PostgreSQL's number for it: six bits for each character."""
    return sum((ord(each) - ord("0") & 0x3F) << 6 * index for index, each in enumerate(sqlstate))


_MONGODB: Final = frozenset({6, 7, 50, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436, 14031})
"""Unreachable, timed out, shutting down, stepping down, interrupted, out of disk space."""

_POSTGRESQL: Final = frozenset(
    map(
        _packed,
        (
            *("40001", "40P01", "55P03"),  # conflict between transactions: a retry is safe
            *("53100", "53200", "53300"),  # out of disk space, of memory, of connections
            *("57014", "57P01", "57P02", "57P03", "58030"),  # timed out, shutting down, crashed, starting, disk error
        ),
    )
)
"""DocumentDB's codes for one write of a bulk. For a whole command, FerretDB answers `_INTERNAL_ERROR` and a text."""

_ACCOUNT: Final = frozenset({13, 18})
"""The account is unknown, has another password or lacks a right: no record is at fault, and an operator must act."""

_CODES: Final = _MONGODB | _POSTGRESQL | _ACCOUNT

_INTERNAL_ERROR: Final = 1

# FerretDB puts its own source lines in front of the message of PostgreSQL or of its client.
_SOURCE_LINES: Final = re.compile(r"\A(?:\S+\.go:\d+ \(\S+\): )+")
_UNAVAILABLE_PREFIXES: Final = (
    "failed to connect to ",
    "terminating connection ",
    "the database system is ",
    "could not extend file ",
    "could not write to file ",
    "could not fsync file ",
    "out of memory",
    "sorry, too many clients already",
    "remaining connection slots are reserved ",
    "deadlock detected",
    "could not serialize access ",
    "canceling statement due to lock timeout",
)
_UNAVAILABLE_SUFFIXES: Final = (
    "connection reset by peer",
    "broken pipe",
    "unexpected EOF",
    "conn closed",
    "closed pool",
    "use of closed network connection",
    "i/o timeout",
    "No space left on device",
)


@contextmanager
def translate_store_errors() -> Iterator[None]:
    """Raise `StoreUnavailable` for driver errors that mean so. The driver's text is dropped: it contains documents."""
    try:
        yield
    except _UNREACHABLE as error:
        raise StoreUnavailable(type(error).__name__) from None
    except BulkWriteError as error:
        if error.details.get("writeConcernErrors") or any(map(_is_unavailable, error.details.get("writeErrors", ()))):
            raise StoreUnavailable("a bulk write was not confirmed") from None
        raise
    except OperationFailure as error:
        if _is_unavailable({"code": error.code, "errmsg": (error.details or {}).get("errmsg")}):
            account = " of a refused account" if error.code in _ACCOUNT else ""
            raise StoreUnavailable(f"code {error.code}{account}") from None
        raise


@asynccontextmanager
async def store_deadline(seconds: float = INTERACTIVE) -> AsyncIterator[None]:
    """`translate_store_errors` with a deadline: the store also counts as unavailable after `seconds`.

    For calls that a person waits for. Motor runs calls on about ten threads, and no driver timeout covers the wait for a
    free thread.
    """
    with translate_store_errors():
        try:
            async with asyncio.timeout(seconds):
                yield
        except TimeoutError:
            raise StoreUnavailable("no answer in time") from None


def _is_unavailable(failure: Mapping[str, Any]) -> bool:
    code = failure.get("code")
    return code in _CODES or (code == _INTERNAL_ERROR and _names_outage(str(failure.get("errmsg"))))


def _names_outage(text: str) -> bool:
    """Whether FerretDB's text means that its PostgreSQL is unavailable.

    Only the start and the end are compared: the middle may quote text that people wrote.
    """
    message = _SOURCE_LINES.sub("", text.strip())
    return message.startswith(_UNAVAILABLE_PREFIXES) or message.endswith(_UNAVAILABLE_SUFFIXES)
