"""The published description of the HTTP API is what the gateway serves."""

import json

import pytest
from pydantic import SecretStr

from deploy.contracts.files import FOLDER
from gateway.app import build
from gateway.settings import Settings

PUBLISHED = FOLDER / "openapi.json"
NOWHERE = "127.0.0.1:1"


@pytest.mark.skipif(not PUBLISHED.exists(), reason="the gateway does not publish its description yet")
async def test_the_published_api_is_what_the_gateway_serves() -> None:
    secret = SecretStr("0" * 64)
    settings = Settings(
        kafka_url=NOWHERE,
        mongo_url=f"mongodb://{NOWHERE}",
        documents_url=f"http://{NOWHERE}",
        postigo_id_secret=secret,
        postigo_cursor_secret=secret,
        postigo_internal_secret=secret,
    )
    served = build(settings).openapi()
    assert served["openapi"].startswith("3.1.")
    assert json.loads(PUBLISHED.read_text(encoding="utf-8")) == json.loads(json.dumps(served)), "run 'make contracts'"
