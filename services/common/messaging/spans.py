"""Spans of consumers: the span that processes a record is a child of the span that published it.

Only sampled records get a span. Other records keep their `traceparent` unchanged, which costs nothing and preserves the
trace id in the log.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, Span, SpanKind, Status, StatusCode

from services.common.messaging.handlers.processor import IncomingRecord
from services.common.telemetry.tracing import is_sampled, parse_traceparent, to_traceparent

_tracer: Final = trace.get_tracer("postigo")


@contextmanager
def processing_spans(group: str, batch: Sequence[IncomingRecord]) -> Iterator[list[IncomingRecord]]:
    """Open a `process` span for each sampled record of `batch`, and yield the batch.

    The yielded records carry their new span as `traceparent`: events that they cause become its children.
    """
    spans: list[Span] = []
    traced = [_traced(group, incoming, spans) for incoming in batch]
    try:
        yield traced
    except Exception as error:
        for span in spans:
            span.set_status(Status(StatusCode.ERROR, type(error).__name__))
        raise
    finally:
        for span in spans:
            span.end()


def _traced(group: str, incoming: IncomingRecord, spans: list[Span]) -> IncomingRecord:
    received = incoming.received
    parent = parse_traceparent(received.traceparent) if is_sampled(received.traceparent) else None
    if parent is None:
        return incoming
    span = _tracer.start_span(
        f"process {received.topic}",
        context=trace.set_span_in_context(NonRecordingSpan(parent)),
        kind=SpanKind.CONSUMER,
        attributes={
            "messaging.system": "kafka",
            "messaging.operation.type": "process",
            "messaging.destination.name": received.topic,
            "messaging.consumer.group.name": group,
        },
    )
    spans.append(span)
    return IncomingRecord(received._replace(traceparent=to_traceparent(span.get_span_context())), incoming.record)
