"""A mail catcher: accepts every mail and stores it as an `.eml` file: `python -m deploy.local.engines.mail --port P --data DIR`.

Nothing is delivered. Any mail program opens the files. Their names sort by time of arrival.
"""

import argparse
import asyncio
import itertools
import os
import signal
import sys
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

MAIL_LIMIT_BYTES = 32 * 1024 * 1024


class Catcher:
    """Stores a mail before it acknowledges it, so every acknowledged mail can be read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = itertools.count(1)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        content = envelope.original_content
        assert content is not None
        try:
            await asyncio.to_thread(self._store, _headers(envelope) + content)
        except OSError as error:
            print(f"a mail was not stored: {error.strerror}", file=sys.stderr, flush=True)
            return "452 The mail cannot be stored now"
        return "250 Kept"

    def _store(self, mail: bytes) -> None:
        """Write a partial file and rename it: readers look for `.eml` files only."""
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}Z-{os.getpid()}-{next(self._number)}"
        partial = self._folder / f".{name}.partial"
        try:
            partial.write_bytes(mail)
            partial.rename(self._folder / f"{name}.eml")
        except OSError:
            partial.unlink(missing_ok=True)
            raise


def _headers(envelope: Envelope) -> bytes:
    """The envelope as headers: only the envelope names the recipients of a blind copy."""
    lines = [f"Return-Path: <{envelope.mail_from or ''}>"]
    lines += [f"Delivered-To: {recipient}" for recipient in envelope.rcpt_tos]
    lines += [f"Received: by postigo-mail-catcher; {format_datetime(datetime.now(UTC))}"]
    return "".join(f"{line}\r\n" for line in lines).encode("utf-8", "surrogateescape")


async def serve(port: int, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for left_over in folder.glob(".*.partial"):
        left_over.unlink()
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    catcher = Catcher(folder)

    def connection() -> SMTP:
        return SMTP(catcher, data_size_limit=MAIL_LIMIT_BYTES, enable_SMTPUTF8=True, hostname="localhost")

    server = await loop.create_server(connection, "127.0.0.1", port)
    await stop.wait()
    server.close()


def main() -> None:
    parser = argparse.ArgumentParser(description="A mail server on 127.0.0.1 that stores every mail and delivers none.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True, help="folder for the .eml files")
    arguments = parser.parse_args()
    asyncio.run(serve(arguments.port, arguments.data))


if __name__ == "__main__":
    main()
