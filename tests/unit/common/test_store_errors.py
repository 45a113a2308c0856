"""Which driver errors mean that the store is unavailable. The texts are real messages of the servers."""

import pytest
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    ExecutionTimeout,
    NetworkTimeout,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
    WaitQueueTimeoutError,
    WriteError,
)

from services.common.domain.errors import StoreUnavailable
from services.common.store import translate_store_errors

DUPLICATE = {"index": 0, "code": 11000, "errmsg": "Duplicate key violation"}
DISK_FULL = {"index": 1, "code": 4293, "errmsg": 'could not extend file "base/5/16435": No space left on device'}

FERRETDB_TEXTS = (
    "terminating connection due to unexpected postmaster exit",
    "terminating connection due to administrator command",
    "terminating connection because of crash of another server process",
    "the database system is starting up",
    "the database system is not yet accepting connections",
    "the database system is in recovery mode",
    (
        "msg_insert.go:55 (handler.(*Handler).msgInsert): pool.go:101 (documentdb.(*Pool).WithConn): pool.go:90 "
        "(documentdb.(*Pool).Acquire): failed to connect to `user=postgres database=postgres`:\n\t127.0.0.1:27361 "
        "(127.0.0.1): dial error: dial tcp 127.0.0.1:27361: connect: connection refused"
    ),
    "msg_find.go:60 (handler.(*Handler).msgFind): unexpected EOF",
    "read tcp 127.0.0.1:41810->127.0.0.1:27361: read: connection reset by peer",
    'could not extend file "base/5/16435": No space left on device',
    "sorry, too many clients already",
)


def failure(code: int, text: str) -> OperationFailure:
    return OperationFailure(text, code, {"ok": 0.0, "errmsg": text, "code": code})


@pytest.mark.parametrize(
    "error",
    [
        AutoReconnect("gone"),
        NetworkTimeout("silent"),
        ServerSelectionTimeoutError("nobody"),
        WaitQueueTimeoutError("no connection"),
        ExecutionTimeout("canceling statement due to user request", 50),
        failure(11600, "interrupted at shutdown"),
        failure(14031, "out of disk space"),
        failure(18, "Authentication failed."),
        failure(13, "not authorized on postigo_intake to execute command { find: requests }"),
        WriteError("no room", 4293, DISK_FULL),
        BulkWriteError({"writeErrors": [DUPLICATE, DISK_FULL]}),
        BulkWriteError({"writeErrors": [], "writeConcernErrors": [{"code": 64}]}),
        *(failure(1, text) for text in FERRETDB_TEXTS),
    ],
    ids=str,
)
def test_an_outage_is_raised_as_unavailable_without_the_servers_text(error: PyMongoError) -> None:
    with pytest.raises(StoreUnavailable) as raised, translate_store_errors():
        raise error
    assert "127.0.0.1" not in str(raised.value)
    assert raised.value.__cause__ is None


@pytest.mark.parametrize(
    "error",
    [
        BulkWriteError({"writeErrors": [DUPLICATE]}),
        failure(2, "bad value"),
        failure(1, "index row size 8192 exceeds maximum"),
        failure(1, 'invalid value "the database system is starting up" for a field'),
        failure(1, "cannot store: my letter ended with broken pipe, said the person"),
        failure(10334, "BSONObj size is invalid"),
    ],
    ids=str,
)
def test_other_errors_are_no_outage(error: PyMongoError) -> None:
    with pytest.raises(type(error)), translate_store_errors():
        raise error
