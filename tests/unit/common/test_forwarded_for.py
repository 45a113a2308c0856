"""`X-Forwarded-For` is trusted only from the proxies in the settings."""

import httpx2
import pytest
from fastapi import FastAPI, Request
from pydantic import ValidationError

from tests.support.serving import serving, settings


@pytest.fixture(scope="module")
def app() -> FastAPI:
    app = FastAPI()

    @app.get("/")
    async def caller(request: Request) -> str:
        assert request.client is not None
        return request.client.host

    return app


@pytest.mark.parametrize(
    ("trusted", "caller"),
    [
        ("", "127.0.0.1"),
        ("127.0.0.1", "192.0.2.7"),
        ("10.0.0.1, 127.0.0.0/8", "192.0.2.7"),
        ("10.0.0.1", "127.0.0.1"),
    ],
)
async def test_x_forwarded_for_is_trusted_only_from_a_named_proxy(app: FastAPI, trusted: str, caller: str) -> None:
    async with (
        serving(app, settings(forwarded_allow_ips=trusted)) as port,
        httpx2.AsyncClient(trust_env=False) as http,
    ):
        answer = await http.get(f"http://127.0.0.1:{port}/", headers={"X-Forwarded-For": "198.51.100.1, 192.0.2.7"})
    assert answer.json() == caller


@pytest.mark.parametrize("trusted", ["*", "proxy.example.org", "10.0.0.1/8"])
def test_a_value_that_is_neither_an_address_nor_a_network_is_rejected_at_start(trusted: str) -> None:
    with pytest.raises(ValidationError, match="forwarded_allow_ips"):
        settings(forwarded_allow_ips=trusted)
