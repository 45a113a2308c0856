"""A domain loads the standard library, pydantic and small data libraries: no broker, store, server or client."""

import subprocess
import sys

import pytest

DOMAINS = (
    "gateway.accounts.domain",
    "gateway.banners.domain",
    "gateway.documents.domain",
    "gateway.drafts.domain",
    "gateway.live.domain",
    "gateway.requests.domain",
    "gateway.status.domain",
    "gateway.status.progress",
    "gateway.status.samples",
    "gateway.worker.domain",
    "services.common.contracts",
    "services.common.contracts.internal",
    "services.common.domain",
    "services.common.domain.decision",
    "services.common.domain.errors",
    "services.common.domain.identifiers",
    "services.common.domain.received",
    "services.common.domain.timers",
    "services.common.legal_clock",
    "services.common.text",
    "services.documents.domain",
    "services.intake.domain",
    "services.notifications.domain",
    "services.routing.domain",
)
FORBIDDEN = (
    "aiokafka",
    "aiosmtplib",
    "bson",
    "fastapi",
    "faststream",
    "httpx2",
    "minio",
    "motor",
    "opentelemetry",
    "pymongo",
    "starlette",
    "structlog",
    "uvicorn",
)


@pytest.mark.parametrize("domain", DOMAINS)
def test_a_domain_loads_no_input_or_output(domain: str) -> None:
    loads = f"import sys, {domain}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", loads], capture_output=True, text=True, check=True).stdout.split()
    assert domain in loaded
    assert not set(FORBIDDEN) & set(loaded)
