"""Sets up tracing, and reads and writes the W3C trace context of headers."""

import os
import re
from typing import Final

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import SpanContext, TraceFlags

_SAMPLED: Final = frozenset("13579bdf")
"""Last hexadecimal digits of the flags in which the `sampled` bit is set."""

_TRACEPARENT: Final = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")


def configure(service: str) -> None:
    """Export spans to `OTEL_TRACES_EXPORTER`: none (default), zipkin or otlp. By default 10 % of traces are sampled."""
    exporter = _exporter(os.environ.get("OTEL_TRACES_EXPORTER", "none"))
    share = float(os.environ.get("OTEL_TRACES_SAMPLER_ARG", "0.1")) if exporter else 0.0
    provider = TracerProvider(
        sampler=ParentBased(TraceIdRatioBased(share)),
        resource=Resource.create({"service.name": f"postigo-{service}"}),
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


def is_sampled(header: str | None) -> bool:
    """Whether `header` may be a sampled trace context. A cheap check: most headers are unsampled and need no parsing."""
    return header is not None and header[-1:] in _SAMPLED


def parse_traceparent(header: str | None) -> SpanContext | None:
    """The W3C trace context in `header`; None if it is absent or malformed."""
    match = _TRACEPARENT.fullmatch(header or "")
    if match is None:
        return None
    trace_id, span_id, flags = (int(part, 16) for part in match.groups())
    context = SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(flags & TraceFlags.SAMPLED))
    return context if context.is_valid else None


def to_traceparent(context: SpanContext) -> str:
    """`context` as a `traceparent` header."""
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"
