"""JSON lines on standard output. An exception is logged by its type and place, never by its text."""

import logging
import os
from types import TracebackType
from typing import Any

import orjson
import structlog
from structlog.typing import EventDict, WrappedLogger

_LEVELS = {logging.WARNING: "warning", logging.ERROR: "error", logging.CRITICAL: "critical"}

log = structlog.get_logger()


class _Discreet(logging.Handler):
    """Says that another library logged something, and where: its words and its exceptions' texts may be a person's."""

    def emit(self, record: logging.LogRecord) -> None:
        raised = record.exc_info[1] if record.exc_info else record.msg
        about: dict[str, Any] = {"library": record.name, "place": f"{record.module}:{record.lineno}"}
        if isinstance(raised, OSError):
            about["because"] = os.strerror(raised.errno or 0)
        if isinstance(raised, BaseException):
            about |= {"error": type(raised).__name__, "exc_info": where(raised)}
        say = getattr(log, _LEVELS.get(record.levelno, "warning"))
        say("a library logged", **about)


def configure(service: str, level: str = "info") -> None:
    """Set up structlog for the process; other libraries' loggers only speak from WARNING up."""
    logging.basicConfig(handlers=[_Discreet()], level=logging.WARNING, force=True)
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
        logger_factory=structlog.BytesLoggerFactory(),
        cache_logger_on_first_use=True,
    )


def where(error: BaseException) -> tuple[type[BaseException], BaseException, TracebackType | None]:
    """`exc_info` for a log line: the traceback without the error's text, which may carry a person's words."""
    return type(error), Exception(), error.__traceback__


def _dumps(event: Any, **_: Any) -> bytes:
    return orjson.dumps(event, default=str)
