"""Logs as JSON lines on standard output. Of an exception, the type and traceback are logged, not the text."""

import logging
import os
from types import TracebackType
from typing import Any, BinaryIO

import orjson
import structlog
from structlog.typing import EventDict, WrappedLogger

_LEVELS = {logging.WARNING: "warning", logging.ERROR: "error", logging.CRITICAL: "critical"}

log = structlog.get_logger()


class _LibraryHandler(logging.Handler):
    """Logs where another library logged something, without its texts, which may contain personal data."""

    def emit(self, record: logging.LogRecord) -> None:
        raised = record.exc_info[1] if record.exc_info else record.msg
        fields: dict[str, Any] = {"library": record.name, "place": f"{record.module}:{record.lineno}"}
        if isinstance(raised, OSError):
            fields["because"] = os.strerror(raised.errno or 0)
        if isinstance(raised, BaseException):
            fields |= {"error": type(raised).__name__, "exc_info": redacted_exc_info(raised)}
        write = getattr(log, _LEVELS.get(record.levelno, "warning"))
        write("a library logged", **fields)


def configure(service: str, level: str = "info", output: BinaryIO | None = None) -> None:
    """Configure structlog for the process, which logs to `output` (by default standard output).

    Other libraries log from WARNING on.
    """
    logging.basicConfig(handlers=[_LibraryHandler()], level=logging.WARNING, force=True)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)

    def name_service(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        event["service"] = service
        return event

    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            name_service,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False)),
            structlog.processors.JSONRenderer(serializer=_dumps),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.BytesLoggerFactory(output),
        cache_logger_on_first_use=True,
    )


def redacted_exc_info(error: BaseException) -> tuple[type[BaseException], BaseException, TracebackType | None]:
    """`exc_info` for a log line: type and traceback, without the error's text, which may contain personal data."""
    return type(error), Exception(), error.__traceback__


def _dumps(event: Any, **_: Any) -> bytes:
    return orjson.dumps(event, default=str)
