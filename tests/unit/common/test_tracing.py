"""The span of the publishing process is the parent of the consumer's span, over any number of topics."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from services.common.domain.position import Position
from services.common.domain.received import Received
from services.common.messaging import spans as kernel
from services.common.messaging.handlers.aggregate import TimerDue
from services.common.messaging.handlers.processor import IncomingRecord
from services.common.telemetry import tracing

SAMPLED = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
RECEIVED = Received(
    event=TimerDue(kind="-"),
    id="-",
    digest=b"",
    topic="t.v1",
    key=str(UUID(int=1)),
    target="-",
    partition=0,
    at=datetime(2026, 1, 1, tzinfo=UTC),
    position=Position("t.v1", 0, 0),
    correlation="-",
    traceparent=SAMPLED,
)


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(kernel, "_tracer", provider.get_tracer("test"))
    return exporter


def test_an_event_is_a_child_of_the_span_that_published_it(spans: InMemorySpanExporter) -> None:
    with kernel.processing_spans("a", [IncomingRecord(RECEIVED, None)]) as (first,):
        published = first.received.traceparent
    with kernel.processing_spans("b", [IncomingRecord(RECEIVED._replace(traceparent=published), None)]):
        pass
    one, two = spans.get_finished_spans()
    assert one.parent is not None
    assert two.parent is not None
    assert tracing.to_traceparent(one.parent) == SAMPLED
    assert two.parent.span_id == one.context.span_id
    assert one.context.trace_id == two.context.trace_id


@pytest.mark.parametrize(
    "header", [None, "", "nonsense", SAMPLED[:-2] + "00", "00-" + "0" * 32 + "-" + "0" * 16 + "-01"]
)
def test_an_unsampled_or_malformed_header_gets_no_span_and_is_kept(
    header: str | None, spans: InMemorySpanExporter
) -> None:
    with kernel.processing_spans("a", [IncomingRecord(RECEIVED._replace(traceparent=header), None)]) as (incoming,):
        assert incoming.received.traceparent == header
    assert not spans.get_finished_spans()
