"""Accounts, sign-in, sessions, and the one internal question about a person."""

from typing import Any
from uuid import uuid4

import httpx2
import motor.motor_asyncio
import pytest

from services.common.web import signing
from tests.integration.gateway.town import PASSWORD, Person, Town, niss


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


def signed(gateway: Town, target: str, purpose: str = "notice 1") -> dict[str, str]:
    return signing.sign(gateway.stack.env["POSTIGO_INTERNAL_SECRET"].encode(), "GET", target, purpose=purpose)


async def test_who_a_person_is_is_told_to_our_own_processes_only(gateway: Town, person: Person) -> None:
    target = f"/internal/accounts/{person.account_id}/recipient"
    elsewhere = signed(gateway, f"/internal/accounts/{uuid4()}/recipient")
    for headers in ({}, person.headers(), elsewhere):
        answer = await gateway.http.get(target, headers=headers)
        assert (answer.status_code, problem(answer)) == (403, "signature")


async def test_the_recipient_is_told_and_the_access_is_logged_with_its_purpose(gateway: Town, person: Person) -> None:
    target = f"/internal/accounts/{person.account_id}/recipient"
    purpose = f"notice {uuid4()}"
    answer = await gateway.http.get(target, headers=signed(gateway, target, purpose))
    assert answer.status_code == 200
    assert set(answer.json()) == {"name", "email", "language", "channels"}
    assert answer.json()["channels"] == ["email"]
    logged = await collection(gateway, "access_log").find({"purpose": purpose}).to_list(None)
    assert len(logged) == 1


async def test_an_account_that_is_not_there_has_no_recipient(gateway: Town) -> None:
    target = f"/internal/accounts/{uuid4()}/recipient"
    answer = await gateway.http.get(target, headers=signed(gateway, target))
    assert (answer.status_code, problem(answer)) == (404, "not-found")


def collection(gateway: Town, name: str) -> Any:
    client: Any = motor.motor_asyncio.AsyncIOMotorClient(gateway.stack.env["MONGO_URL"], tz_aware=True)
    return client["postigo_gateway"][name]
