"""Which of the driver's errors mean that the store is away: a closed list. Whatever is not on it is our bug, or poison."""

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
    """An SQLSTATE as PostgreSQL packs it into a number: six bits for each character."""
    return sum((ord(each) - ord("0") & 0x3F) << 6 * place for place, each in enumerate(sqlstate))


_MONGODB: Final = frozenset({6, 7, 50, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436, 14031})
"""Unreachable, out of time, shutting down, stepping down, interrupted, out of disk space."""

_POSTGRESQL: Final = frozenset(
    map(
        _packed,
        (
            *("40001", "40P01", "55P03"),  # lost against another transaction: no harm in trying again
            *("53100", "53200", "53300"),  # out of disk space, of memory, of connections
            *("57014", "57P01", "57P02", "57P03", "58030"),  # out of time, shutting down, crashed, starting, a bad disk
        ),
    )
)
"""DocumentDB says these of one write of many; of a whole command FerretDB says `_INTERNAL_ERROR` and a text."""

_CODES: Final = _MONGODB | _POSTGRESQL

_INTERNAL_ERROR: Final = 1

# Where in FerretDB's source the error passed, before what PostgreSQL or its client said.
_PLACES: Final = re.compile(r"\A(?:\S+\.go:\d+ \(\S+\): )+")
_BEGINS: Final = (
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
_ENDS: Final = (
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
    """Translate what the driver raises when the store is away. The driver's text is dropped: it carries documents."""
    try:
        yield
    except _UNREACHABLE as error:
        raise StoreUnavailable(type(error).__name__) from None
    except BulkWriteError as error:
        if error.details.get("writeConcernErrors") or any(map(_is_away, error.details.get("writeErrors", ()))):
            raise StoreUnavailable("a bulk write was not confirmed") from None
        raise
    except OperationFailure as error:
        if _is_away({"code": error.code, "errmsg": (error.details or {}).get("errmsg")}):
            raise StoreUnavailable(f"code {error.code}") from None
        raise


@asynccontextmanager
async def store_deadline(seconds: float = INTERACTIVE) -> AsyncIterator[None]:
    """`translate_store_errors` where somebody waits for the answer: what has not ended after `seconds` is away, too.

    Motor runs its calls on ten threads or so. What waits for a thread has no time-out of the driver's.
    """
    with translate_store_errors():
        try:
            async with asyncio.timeout(seconds):
                yield
        except TimeoutError:
            raise StoreUnavailable("no answer in time") from None


def _is_away(failure: Mapping[str, Any]) -> bool:
    code = failure.get("code")
    return code in _CODES or (code == _INTERNAL_ERROR and _was_away_behind(str(failure.get("errmsg"))))


def _was_away_behind(text: str) -> bool:
    """Whether FerretDB's text tells that PostgreSQL behind it is away. Only its ends are looked at: people's words may stand between."""
    said = _PLACES.sub("", text.strip())
    return said.startswith(_BEGINS) or said.endswith(_ENDS)
