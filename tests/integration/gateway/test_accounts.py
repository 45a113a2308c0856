"""Accounts, sign-in, sessions, and the internal call for recipients."""

import asyncio
import sys
from typing import Any
from uuid import uuid4

import httpx2
import motor.motor_asyncio
import orjson
import pytest

from deploy.operator.identity import system_user
from services.common.http import signing
from tests.integration.gateway.gateway_environment import PASSWORD, GatewayEnvironment, Person, niss

RECIPIENTS = "/internal/recipients"


def problem(answer: httpx2.Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json"
    return str(answer.json()["type"].removeprefix("urn:postigo:problem:"))


async def test_a_wrong_password_and_an_unknown_niss_get_the_same_answer(
    gateway: GatewayEnvironment, person: Person
) -> None:
    wrong = await gateway.sign_in(person.niss, "outra frase qualquer")
    unknown = await gateway.sign_in(niss(999_999_999))
    assert (wrong.status_code, problem(wrong)) == (401, "wrong-credentials")
    assert {**wrong.json(), "support_code": ""} == {**unknown.json(), "support_code": ""}
    assert {name for name, _ in wrong.headers.items()} == {name for name, _ in unknown.headers.items()}


@pytest.mark.usefixtures("within_one_hour")
async def test_wrong_guesses_are_limited_with_retry_after(gateway: GatewayEnvironment) -> None:
    victim = niss(888_888_888)
    answers = [await gateway.sign_in(victim, f"tentativa {number}") for number in range(11)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429]
    assert problem(answers[-1]) == "too-many"
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 30


@pytest.mark.usefixtures("within_one_hour")
async def test_wrong_guesses_from_one_network_do_not_lock_the_owner_out_of_another(
    gateway: GatewayEnvironment, person: Person
) -> None:
    async with gateway.replica("behind-a-proxy", FORWARDED_ALLOW_IPS="127.0.0.1") as http:

        async def sign_in(address: str, password: str) -> int:
            body = {"niss": person.niss, "password": password}
            return (await http.post("/v1/sessions", json=body, headers={"X-Forwarded-For": address})).status_code

        guesses = [await sign_in("192.0.2.1", f"tentativa {number}") for number in range(11)]
        assert guesses == [401] * 10 + [429]
        assert await sign_in("192.0.2.1", PASSWORD) == 429
        assert await sign_in("198.51.100.1", PASSWORD) == 201


async def test_signing_in_returns_a_token_and_the_store_keeps_only_its_hash(
    gateway: GatewayEnvironment, person: Person
) -> None:
    answer = await gateway.sign_in(person.niss)
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    assert set(answer.json()) == {"token", "expires_at", "account"}
    assert answer.json()["account"]["account_id"] == person.account_id
    stored = await collection(gateway, "sessions").find().to_list(None)
    assert answer.json()["token"] not in str(stored)


@pytest.mark.parametrize("header", ["", "Bearer", "Basic abc", "Bearer nobody-was-given-this"])
async def test_a_request_without_a_session_is_401(gateway: GatewayEnvironment, header: str) -> None:
    answer = await gateway.http.get("/v1/requests", headers={"Authorization": header})
    assert (answer.status_code, problem(answer)) == (401, "no-session")
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_signing_out_ends_the_session_at_once(gateway: GatewayEnvironment, person: Person) -> None:
    token = (await gateway.sign_in(person.niss)).json()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert (await gateway.http.get("/v1/requests", headers=headers)).status_code == 200
    assert (await gateway.http.delete("/v1/sessions/current", headers=headers)).status_code == 204
    assert (await gateway.http.get("/v1/requests", headers=headers)).status_code == 401
    assert (await gateway.http.delete("/v1/sessions/current", headers=headers)).status_code == 401


async def test_an_expired_session_is_401(gateway: GatewayEnvironment, person: Person) -> None:
    token = (await gateway.sign_in(person.niss)).json()["token"]
    sessions = collection(gateway, "sessions")
    newest = (await sessions.find().sort("expires_at", -1).to_list(1))[0]
    await sessions.update_one({"_id": newest["_id"]}, {"$set": {"expires_at": newest["expires_at"].replace(year=2020)}})
    answer = await gateway.http.get("/v1/requests", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, problem(answer)) == (401, "no-session")


async def test_running_the_account_command_again_updates_accounts_without_duplicates(
    gateway: GatewayEnvironment,
) -> None:
    line = gateway.line()
    first = await gateway.accounts(line)
    again = await gateway.accounts(line, {**line, "email": "nova@example.org", "password": "outra frase comprida"})
    assert first[0] == again[0] == 0
    assert again[1] == first[1] * 2
    assert (await gateway.sign_in(line["niss"], PASSWORD)).status_code == 401
    assert (await gateway.sign_in(line["niss"], "outra frase comprida")).status_code == 201


async def test_one_invalid_line_of_many_creates_no_account(gateway: GatewayEnvironment) -> None:
    good = [gateway.line() for _ in range(120)]
    status, printed, errors = await gateway.accounts(*good, {**gateway.line(), "niss": "12345678911"})
    assert (status, printed) == (2, [])
    assert errors.startswith("No account was changed. Correct these lines and try again:\n  line 121, niss:")
    assert (await gateway.sign_in(good[0]["niss"])).status_code == 401


async def test_an_import_in_several_parts_is_recorded_once_and_without_personal_data(
    gateway: GatewayEnvironment,
) -> None:
    lines = [gateway.line(name="Canária Importada") for _ in range(120)]
    gone = {"niss": lines[0]["niss"], "deleted": True}
    before = len(await gateway.operations("import-accounts"))
    status, printed, errors = await gateway.accounts(*lines, gone)
    assert status == 0, errors
    assert [each["niss"] for each in printed] == [each["niss"] for each in (*lines, gone)]
    assert (await gateway.sign_in(lines[0]["niss"])).status_code == 401
    assert (await gateway.sign_in(lines[-1]["niss"])).status_code == 201
    (begun,) = (await gateway.operations("import-accounts"))[before:]
    assert (begun.user, begun.identity, begun.reason) == (system_user().user, "system-user", "a test")
    assert (begun.planned, begun.terms) == (121, {"replaced": "120", "deleted": "1"})
    recorded = begun.model_dump_json() + gateway.stack.home.log("operator").read_text(encoding="utf-8")
    assert '"because":"import-accounts"' in recorded
    for canary in (lines[0]["niss"], lines[0]["email"], "Canária", PASSWORD):
        assert canary not in recorded


async def test_a_dry_run_of_an_import_changes_nothing(gateway: GatewayEnvironment) -> None:
    line = gateway.line()
    status, _, errors = await gateway.accounts(line, do=False)
    assert status == 0, errors
    assert (await gateway.sign_in(line["niss"])).status_code == 401


async def test_an_import_needs_a_reason(gateway: GatewayEnvironment) -> None:
    status, _, errors = await gateway.run("accounts", "import", "--yes", given=orjson.dumps(gateway.line()))
    assert (status, "say with --reason why" in errors) == (1, True)


@pytest.mark.parametrize("path", ["/internal/accounts", "/internal/accounts/check", "/internal/department-tokens"])
async def test_the_calls_of_operators_need_an_internal_signature(gateway: GatewayEnvironment, path: str) -> None:
    answer = await gateway.internal.post(path, json={"first": 1, "lines": []})
    assert (answer.status_code, problem(answer)) == (403, "signature")


async def get_recipients(
    gateway: GatewayEnvironment, *recipients: dict[str, str], signed_for: bytes | None = None
) -> httpx2.Response:
    """Get recipients as notifications does; the signature may be made for another body."""
    body, about = orjson.dumps({"asked": recipients}), {"Content-Type": "application/json"}
    secret = gateway.stack.env["POSTIGO_INTERNAL_SECRET"].encode()
    signature = signing.sign(secret, "POST", RECIPIENTS, body=signed_for or body, about=about)
    return await gateway.internal.post(RECIPIENTS, content=body, headers=about | signature)


def recipient(account_id: object) -> dict[str, str]:
    return {"account_id": str(account_id), "purpose": f"notice {uuid4()}"}


async def test_recipients_need_an_internal_signature(gateway: GatewayEnvironment, person: Person) -> None:
    wanted = recipient(person.account_id)
    for answer in (
        await gateway.internal.post(RECIPIENTS, json={"asked": [wanted]}),
        await gateway.internal.post(RECIPIENTS, json={"asked": [wanted]}, headers=person.headers()),
        await get_recipients(gateway, wanted, signed_for=b"{}"),
    ):
        assert (answer.status_code, problem(answer)) == (403, "signature")
    assert not await collection(gateway, "access_log").find({"purpose": wanted["purpose"]}).to_list(None)


async def test_recipients_come_in_order_and_each_access_is_logged_with_its_purpose(
    gateway: GatewayEnvironment, person: Person, company: Person
) -> None:
    wanted = [recipient(each) for each in (company.account_id, uuid4(), person.account_id, person.account_id)]
    answer = await get_recipients(gateway, *wanted)
    assert answer.status_code == 200
    first, unknown, second, again = answer.json()["recipients"]
    assert unknown is None
    assert set(first) == {"name", "email", "language", "channels"}
    assert first["channels"] == ["email"]
    assert first["email"] != second["email"] == again["email"]
    log = collection(gateway, "access_log")
    logged = await log.find({"purpose": {"$in": [each["purpose"] for each in wanted]}}).to_list(None)
    assert sorted(each["purpose"] for each in logged) == sorted(wanted[index]["purpose"] for index in (0, 2, 3))


async def test_recipients_without_a_purpose_or_in_too_large_a_number_are_refused(
    gateway: GatewayEnvironment, person: Person
) -> None:
    for wanted in ([{**recipient(person.account_id), "purpose": ""}], [recipient(person.account_id)] * 201):
        answer = await get_recipients(gateway, *wanted)
        assert (answer.status_code, problem(answer)) == (422, "invalid")


def collection(gateway: GatewayEnvironment, name: str) -> Any:
    client: Any = motor.motor_asyncio.AsyncIOMotorClient(gateway.stack.env["MONGO_URL"], tz_aware=True)
    return client["postigo_gateway"][name]


async def test_a_script_with_the_gateways_environment_opens_accounts(gateway: GatewayEnvironment) -> None:
    """`python -m gateway.accounts` takes and prints the same lines, and says in the log that it ran."""
    line = gateway.line()
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway.accounts"),
        env=gateway.stack.env,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    printed, logged = await program.communicate(orjson.dumps(line) + b"\n")
    assert program.returncode == 0, logged
    assert orjson.loads(printed)["niss"] == line["niss"]
    assert orjson.loads(logged)["kind"] == "operator-act"
    assert (await gateway.sign_in(line["niss"])).status_code == 201
