"""Error answers of the proxies in the protocols of MongoDB, S3 and SMTP."""

import asyncio
import struct
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import bson

_HEADER: Final = struct.Struct("<iiii")
_OP_MSG: Final = 2013
_BEFORE_BODY: Final = 5
"""Bytes of an OP_MSG between its header and the first document: flags, and the kind of the section."""

WRITES: Final = frozenset({"insert", "update", "delete", "findAndModify", "findandmodify", "createIndexes"})
_GREETINGS: Final = frozenset({"hello", "ismaster", "isMaster", "ping", "endSessions"})

SHUTTING_DOWN: Final = 91
DISK_FULL: Final = 14031


@dataclass(frozen=True, slots=True)
class MongoRefusing:
    """Answers commands with an error: those in `only`, or all but greetings. Forwards the others."""

    code: int
    only: Collection[str] = ()

    async def next(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        header = await reader.readexactly(_HEADER.size)
        length, number, _, operation = _HEADER.unpack(header)
        message = header + await reader.readexactly(length - _HEADER.size)
        if operation != _OP_MSG or not self._refuses(_command(message)):
            return message
        writer.write(_refusal(number, self.code))
        await writer.drain()
        return b""

    def _refuses(self, command: str) -> bool:
        return command in self.only if self.only else command not in _GREETINGS


def _command(message: bytes) -> str:
    """The name of the command: the first key of its document."""
    begin = _HEADER.size + _BEFORE_BODY
    (size,) = struct.unpack_from("<i", message, begin)
    return next(iter(bson.decode(message[begin : begin + size])))


def _refusal(to: int, code: int) -> bytes:
    body = struct.pack("<IB", 0, 0) + bson.encode({"ok": 0.0, "errmsg": "refused by a test", "code": code})
    return _HEADER.pack(_HEADER.size + len(body), 1, to, _OP_MSG) + body


class S3Failing:
    """Answers every request with 503 after reading all of it."""

    BODY: Final = b"<Error><Code>SlowDown</Code><Message>refused by a test</Message></Error>"
    ANSWER: Final = (
        b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/xml\r\n"
        b"Content-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(BODY), BODY)
    )

    async def next(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(_content_length(head))
        writer.write(self.ANSWER)
        await writer.drain()
        raise asyncio.IncompleteReadError(b"", None)


def _content_length(head: bytes) -> int:
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return int(lengths[0].partition(b":")[2]) if lengths else 0


class MailDeferring:
    """Rejects mails temporarily: answers EHLO with 421."""

    async def next(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        await reader.readuntil(b"\r\n")
        writer.write(b"421 4.3.2 not now\r\n")
        await writer.drain()
        raise asyncio.IncompleteReadError(b"", None)
