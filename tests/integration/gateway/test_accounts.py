"""Accounts, sign-in, sessions, and the one internal question about a person."""

from typing import Any
from uuid import uuid4

import httpx2
import motor.motor_asyncio
import orjson
import pytest

from services.common.http import signing
from tests.integration.gateway.town import PASSWORD, Person, Town, niss

RECIPIENTS = "/internal/recipients"


def problem(answer: httpx2.Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json"
    return str(answer.json()["type"].removeprefix("urn:postigo:problem:"))


async def test_a_wrong_password_and_an_unknown_niss_get_the_same_answer(gateway: Town, person: Person) -> None:
    wrong = await gateway.sign_in(person.niss, "outra frase qualquer")
    unknown = await gateway.sign_in(niss(999_999_999))
    assert (wrong.status_code, problem(wrong)) == (401, "wrong-credentials")
    assert {**wrong.json(), "support_code": ""} == {**unknown.json(), "support_code": ""}
    assert {name for name, _ in wrong.headers.items()} == {name for name, _ in unknown.headers.items()}


async def test_guessing_is_slowed_down_and_says_until_when(gateway: Town) -> None:
    victim = niss(888_888_888)
    answers = [await gateway.sign_in(victim, f"tentativa {number}") for number in range(11)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429]
    assert problem(answers[-1]) == "too-many"
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 30


async def test_while_somebody_guesses_from_one_network_the_owner_signs_in_from_another(
    gateway: Town, person: Person
) -> None:
    async with gateway.replica("behind-a-proxy", FORWARDED_ALLOW_IPS="127.0.0.1") as http:

        async def sign_in(address: str, password: str) -> int:
            asked = {"niss": person.niss, "password": password}
            return (await http.post("/v1/sessions", json=asked, headers={"X-Forwarded-For": address})).status_code

        guesses = [await sign_in("192.0.2.1", f"tentativa {number}") for number in range(11)]
        assert guesses == [401] * 10 + [429]
        assert await sign_in("192.0.2.1", PASSWORD) == 429
        assert await sign_in("198.51.100.1", PASSWORD) == 201


async def test_signing_in_gives_a_token_once_and_the_store_keeps_only_its_hash(gateway: Town, person: Person) -> None:
    answer = await gateway.sign_in(person.niss)
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    assert set(answer.json()) == {"token", "expires_at", "account"}
    assert answer.json()["account"]["account_id"] == person.account_id
    stored = await collection(gateway, "sessions").find().to_list(None)
    assert answer.json()["token"] not in str(stored)


@pytest.mark.parametrize("header", ["", "Bearer", "Basic abc", "Bearer nobody-was-given-this"])
async def test_without_a_session_nothing_is_done(gateway: Town, header: str) -> None:
    answer = await gateway.http.get("/v1/requests", headers={"Authorization": header})
    assert (answer.status_code, problem(answer)) == (401, "no-session")
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_signing_out_ends_the_session_at_once(gateway: Town, person: Person) -> None:
    token = (await gateway.sign_in(person.niss)).json()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert (await gateway.http.get("/v1/requests", headers=headers)).status_code == 200
    assert (await gateway.http.delete("/v1/sessions/current", headers=headers)).status_code == 204
    assert (await gateway.http.get("/v1/requests", headers=headers)).status_code == 401
    assert (await gateway.http.delete("/v1/sessions/current", headers=headers)).status_code == 401


async def test_a_session_past_its_hours_is_no_session(gateway: Town, person: Person) -> None:
    token = (await gateway.sign_in(person.niss)).json()["token"]
    sessions = collection(gateway, "sessions")
    newest = (await sessions.find().sort("expires_at", -1).to_list(1))[0]
    await sessions.update_one({"_id": newest["_id"]}, {"$set": {"expires_at": newest["expires_at"].replace(year=2020)}})
    answer = await gateway.http.get("/v1/requests", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, problem(answer)) == (401, "no-session")


async def test_accounts_are_made_and_brought_up_to_date_however_often_that_is_asked(gateway: Town) -> None:
    line = gateway.line()
    first = await gateway.accounts(line)
    again = await gateway.accounts(line, {**line, "email": "nova@example.org", "password": "outra frase comprida"})
    assert first[0] == again[0] == 0
    assert again[1] == first[1] * 2
    assert (await gateway.sign_in(line["niss"], PASSWORD)).status_code == 401
    assert (await gateway.sign_in(line["niss"], "outra frase comprida")).status_code == 201


async def test_one_wrong_line_makes_no_account(gateway: Town) -> None:
    good = gateway.line()
    status, printed, complaint = await gateway.accounts(good, {**gateway.line(), "niss": "12345678911"})
    assert (status, printed) == (2, [])
    assert "line 2" in complaint
    assert (await gateway.sign_in(good["niss"])).status_code == 401


async def asking(gateway: Town, *asked: dict[str, str], signed_for: bytes | None = None) -> httpx2.Response:
    """Ask for recipients as notifications does; the signature may be made for another body."""
    body, about = orjson.dumps({"asked": asked}), {"Content-Type": "application/json"}
    secret, digest = gateway.stack.env["POSTIGO_INTERNAL_SECRET"].encode(), signing.digest(signed_for or body)
    proof = signing.sign(secret, "POST", RECIPIENTS, body_digest=digest, about=about)
    return await gateway.internal.post(RECIPIENTS, content=body, headers=about | proof)


def notice(account_id: object) -> dict[str, str]:
    return {"account_id": str(account_id), "purpose": f"notice {uuid4()}"}


async def test_who_people_are_is_told_to_our_own_processes_only(gateway: Town, person: Person) -> None:
    asked = notice(person.account_id)
    for answer in (
        await gateway.internal.post(RECIPIENTS, json={"asked": [asked]}),
        await gateway.internal.post(RECIPIENTS, json={"asked": [asked]}, headers=person.headers()),
        await asking(gateway, asked, signed_for=b"{}"),
    ):
        assert (answer.status_code, problem(answer)) == (403, "signature")
    assert not await collection(gateway, "access_log").find({"purpose": asked["purpose"]}).to_list(None)


async def test_recipients_are_told_in_order_and_each_access_is_logged_with_its_purpose(
    gateway: Town, person: Person, company: Person
) -> None:
    asked = [notice(each) for each in (company.account_id, uuid4(), person.account_id, person.account_id)]
    answer = await asking(gateway, *asked)
    assert answer.status_code == 200
    first, nobody, second, again = answer.json()["recipients"]
    assert nobody is None
    assert set(first) == {"name", "email", "language", "channels"}
    assert first["channels"] == ["email"]
    assert first["email"] != second["email"] == again["email"]
    log = collection(gateway, "access_log")
    logged = await log.find({"purpose": {"$in": [each["purpose"] for each in asked]}}).to_list(None)
    assert sorted(each["purpose"] for each in logged) == sorted(asked[place]["purpose"] for place in (0, 2, 3))


async def test_who_is_asked_for_without_a_purpose_or_in_masses_is_not_told(gateway: Town, person: Person) -> None:
    for asked in ([{**notice(person.account_id), "purpose": ""}], [notice(person.account_id)] * 201):
        answer = await asking(gateway, *asked)
        assert (answer.status_code, problem(answer)) == (422, "invalid")


def collection(gateway: Town, name: str) -> Any:
    client: Any = motor.motor_asyncio.AsyncIOMotorClient(gateway.stack.env["MONGO_URL"], tz_aware=True)
    return client["postigo_gateway"][name]
