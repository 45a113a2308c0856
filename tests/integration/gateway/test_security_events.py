"""Security events in the log and the metrics of a running gateway, without personal data."""

import json
from typing import Any
from uuid import uuid4

import httpx2

from deploy.local.table import internal_name
from services.common.telemetry.security import KINDS
from tests.integration.gateway.gateway_environment import GatewayEnvironment
from tests.support.waiting import eventually

NAME = "gateway-watched"
ADDRESS = "198.51.100.77"
PASSWORD_CANARY = "canario-na-palavra-passe-5c1e"  # noqa: S105


def security_lines(gateway: GatewayEnvironment) -> list[dict[str, Any]]:
    lines = gateway.stack.home.log(NAME).read_text(encoding="utf-8").splitlines()
    parsed = [json.loads(line) for line in lines if line.startswith("{")]
    return [each for each in parsed if each["event"] == "security"]


async def test_each_kind_is_logged_and_counted_and_names_nobody(gateway: GatewayEnvironment) -> None:
    line = gateway.line(name="Canária Sem Registo", email="canario.7f3a@example.org")
    niss = line["niss"]
    await gateway.accounts(line)
    forwarded = {"X-Forwarded-For": ADDRESS}
    settings = {"ACCOUNT_LIMITS_TIMES": "1", "REQUESTS_BURST": "1", "FORWARDED_ALLOW_IPS": "127.0.0.1"}
    internal_url = f"http://127.0.0.1:{gateway.stack.port(internal_name(NAME, 'gateway'))}"
    async with (
        gateway.replica(NAME, **settings) as http,
        httpx2.AsyncClient(base_url=internal_url, trust_env=False) as internal,
    ):
        wrong = {"niss": niss, "password": PASSWORD_CANARY}
        assert (await http.post("/v1/sessions", json=wrong, headers=forwarded)).status_code == 401
        right = await http.post("/v1/sessions", json=wrong | {"password": line["password"]}, headers=forwarded)
        token = right.json()["token"]
        account = right.json()["account"]["account_id"]
        signed_in = {"Authorization": f"Bearer {token}"}
        body = {"subject": "FAM-01", "reason": "INF", "description": "canario nas palavras 9d2b"}
        filed = [
            await http.post("/v1/requests", json=body, headers=signed_in | {"Idempotency-Key": uuid4().hex})
            for _ in range(2)
        ]
        assert [answer.status_code for answer in filed] == [201, 429]
        assert (await internal.post("/internal/recipients", json={"asked": []})).status_code == 403
        assert (await http.delete("/v1/sessions/current", headers=signed_in)).status_code == 204

        async def all_written() -> bool:
            return len(security_lines(gateway)) >= 4

        await eventually(all_written)
        metrics = (await internal.get("/metrics")).text
    about = {each["kind"]: each for each in security_lines(gateway)}
    assert about["sign-in-refused"]["network"] == "198.51.100.0/24"
    assert {each.get("account") for each in about.values()} == {account, None}
    expected = {
        "sign-in-refused": "wrong-credentials",
        "limit-reached": "requests",
        "signature-refused": "headers",
        "session-ended": "signed-out",
    }
    assert {kind: each["because"] for kind, each in about.items()} == expected
    for kind in KINDS:
        assert f'postigo_security_events_total{{kind="{kind}"}}' in metrics
    log = gateway.stack.home.log(NAME).read_text(encoding="utf-8")
    for canary in (niss, PASSWORD_CANARY, line["password"], line["name"], line["email"], token, ADDRESS, "9d2b"):
        assert canary not in log
        assert canary not in metrics
