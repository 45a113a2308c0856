"""The log of the operator's commands: lines of JSON in a file of the local stack, or on standard error for a server."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import orjson
import structlog


def write_line(log: Path | None, event: str, **about: Any) -> None:
    """Write one line to `log`, or to standard error where there is none."""
    with _output(log) as output:
        _logger(output).info(event, **about)


def write_security_line(log: Path | None, because: str, **about: Any) -> None:
    """Write the line of an operator's act, in the form of `services.common.telemetry.security`."""
    write_line(log, "security", kind="operator-act", because=because, **about)


@contextmanager
def _output(log: Path | None) -> Iterator[BinaryIO]:
    """A log file that cannot be opened must not fail the operation: the audit topic has the record."""
    try:
        file = None if log is None else log.open("ab")
    except OSError:
        file = None
    if file is None:
        yield sys.stderr.buffer
        return
    with file:
        yield file


def _logger(output: BinaryIO) -> Any:
    return structlog.wrap_logger(
        structlog.BytesLogger(output),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=lambda event, **_: orjson.dumps(event, default=str)),
        ],
    )
