"""Traces across topics: the span that applies a record is a child of the span that said it.

Only sampled records get spans. For the others the `traceparent` travels on untouched, which costs nothing and keeps
the trace id for whoever reads the log.
"""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from services.common.messaging.shape import Taken

_TRACEPARENT: Final = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_tracer: Final = trace.get_tracer("postigo")


def configure(service: str) -> None:
    """Export spans as `OTEL_TRACES_EXPORTER` says: none (default), zipkin or otlp; 10 % of traces by default."""
    exporter = _exporter(os.environ.get("OTEL_TRACES_EXPORTER", "none"))
    ratio = float(os.environ.get("OTEL_TRACES_SAMPLER_ARG", "0.1")) if exporter else 0.0
    provider = TracerProvider(
        sampler=ParentBasedTraceIdRatio(ratio), resource=Resource.create({"service.name": f"postigo-{service}"})
    )
    if exporter:
        provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)


def _exporter(name: str) -> SpanExporter | None:
    if name == "none":
        return None
    if name == "zipkin":
        from opentelemetry.exporter.zipkin.json import ZipkinExporter

        return ZipkinExporter()
    if name == "otlp":
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        return OTLPSpanExporter()
    raise ValueError(f"OTEL_TRACES_EXPORTER={name}: use none, zipkin or otlp")


def parse_traceparent(header: str | None) -> SpanContext | None:
    """The W3C trace context in `header`; None when it is absent or malformed."""
    match = _TRACEPARENT.fullmatch(header or "")
    if match is None:
        return None
    trace_id, span_id, flags = (int(part, 16) for part in match.groups())
    context = SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(flags & TraceFlags.SAMPLED))
    return context if context.is_valid else None


def to_traceparent(context: SpanContext) -> str:
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


@contextmanager
def receiving(group: str, batch: Sequence[Taken]) -> Iterator[list[Taken]]:
    """A `process` span around each sampled record of `batch`; what the record makes us say becomes its child."""
    spans: list[Span] = []
    traced = [_traced(group, taken, spans) for taken in batch]
    try:
        yield traced
    except Exception as error:
        for span in spans:
            span.set_status(Status(StatusCode.ERROR, type(error).__name__))
        raise
    finally:
        for span in spans:
            span.end()


def _traced(group: str, taken: Taken, spans: list[Span]) -> Taken:
    received = taken.received
    parent = parse_traceparent(received.traceparent)
    if parent is None or not parent.trace_flags.sampled:
        return taken
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
    return Taken(replace(received, traceparent=to_traceparent(span.get_span_context())), taken.record)
