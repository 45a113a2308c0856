"""The published description of the HTTP API is what the gateway serves."""

from gateway.contract import FILE, description


def test_the_published_api_is_what_the_gateway_serves() -> None:
    assert FILE.read_text(encoding="utf-8") == description(), "run 'make contracts'"


def test_it_is_openapi_3_1_without_error_schemas_of_the_framework() -> None:
    text = description()
    assert '"openapi": "3.1.0"' in text
    assert "HTTPValidationError" not in text
