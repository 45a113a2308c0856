"""Sessions are listed, bounded and ended: by their owner, by a new password, by a deletion, and by an operator's word."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import httpx2
import orjson
import pytest

from gateway.accounts.sessions import IDLE, MAX_SESSIONS, USE_SAVED_EVERY
from services.common.domain.tokens import hash_of
from services.common.http import signing
from tests.integration.gateway.gateway_environment import PASSWORD, GatewayEnvironment, Person
from tests.integration.gateway.test_accounts import collection
from tests.support.waiting import eventually

OTHER_PASSWORD = "outra frase comprida"  # noqa: S105

PROMISED = 10.0
"""Seconds in which all sessions end on every replica."""


async def status(http: httpx2.AsyncClient, token: str) -> int:
    return (await http.get("/v1/requests", headers={"Authorization": f"Bearer {token}"})).status_code


async def ended(http: httpx2.AsyncClient, token: str) -> bool:
    return await status(http, token) == 401


async def sign_in(gateway: GatewayEnvironment, person: Person) -> str:
    return str((await gateway.sign_in(person.niss)).json()["token"])


async def listed(person: Person) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await person.get("/v1/sessions")).json()["items"]
    return items


async def test_own_sessions_are_listed_without_their_tokens(gateway: GatewayEnvironment) -> None:
    person, stranger = await gateway.people(1, 1)
    token = await sign_in(gateway, person)
    answer = await person.get("/v1/sessions")
    assert answer.headers["cache-control"] == "no-store"
    items = answer.json()["items"]
    assert [each["current"] for each in sorted(items, key=lambda each: each["current"])] == [False, True]
    assert set(items[0]) == {"session_id", "created_at", "last_used_at", "expires_at", "current"}
    lifetimes = [
        datetime.fromisoformat(each["expires_at"]) - datetime.fromisoformat(each["created_at"]) for each in items
    ]
    assert lifetimes == [timedelta(hours=8)] * 2
    assert token not in answer.text
    assert person.token not in answer.text
    assert len(await listed(stranger)) == 1


@pytest.mark.parametrize("pasted", ["{}", "%20{}%20", "«{}»"])
async def test_one_session_is_ended_by_its_id(gateway: GatewayEnvironment, pasted: str) -> None:
    (person,) = await gateway.people(1)
    token = await sign_in(gateway, person)
    (other,) = [each["session_id"] for each in await listed(person) if not each["current"]]
    gone = await person.http.delete(f"/v1/sessions/{pasted.format(other)}", headers=person.headers())
    assert (gone.status_code, gone.headers.get("content-type")) == (204, None)
    assert await status(gateway.http, token) == 401
    assert await status(gateway.http, person.token) == 200
    assert (await person.http.delete(f"/v1/sessions/{other}", headers=person.headers())).status_code == 404


async def test_the_session_of_somebody_else_cannot_be_ended(gateway: GatewayEnvironment) -> None:
    person, stranger = await gateway.people(1, 1)
    (theirs,) = await listed(stranger)
    for session_id in (theirs["session_id"], str(uuid4()), "nonsense"):
        answer = await person.http.delete(f"/v1/sessions/{session_id}", headers=person.headers())
        assert (answer.status_code, answer.json()["type"]) == (404, "urn:postigo:problem:not-found")
    assert await status(gateway.http, stranger.token) == 200


async def test_all_other_sessions_are_ended_at_once(gateway: GatewayEnvironment) -> None:
    (person,) = await gateway.people(1)
    tokens = [await sign_in(gateway, person) for _ in range(3)]
    assert (await person.http.delete("/v1/sessions", headers=person.headers())).status_code == 204
    assert [await status(gateway.http, token) for token in tokens] == [401] * 3
    assert await status(gateway.http, person.token) == 200
    assert len(await listed(person)) == 1


async def test_a_further_session_ends_the_oldest(gateway: GatewayEnvironment) -> None:
    (person,) = await gateway.people(1)
    assert await status(gateway.http, person.token) == 200
    for _ in range(MAX_SESSIONS):
        newest = await sign_in(gateway, person)
    assert await status(gateway.http, person.token) == 401
    assert len(await listed(Person(person.http, person.niss, person.account_id, newest))) == MAX_SESSIONS


async def change_password(gateway: GatewayEnvironment, person: Person) -> None:
    assert (await gateway.accounts(gateway.line(niss=person.niss, password=OTHER_PASSWORD)))[0] == 0


async def delete(gateway: GatewayEnvironment, person: Person) -> None:
    exit_status, printed, _ = await gateway.accounts({"niss": person.niss, "deleted": True})
    assert (exit_status, printed) == (0, [{"niss": person.niss, "account_id": person.account_id, "deleted": True}])


async def tell_the_gateway(gateway: GatewayEnvironment, path: str, account: dict[str, str]) -> httpx2.Response:
    body, about = orjson.dumps(account), {"Content-Type": "application/json"}
    secret = gateway.stack.env["POSTIGO_INTERNAL_SECRET"].encode()
    headers = about | signing.sign(secret, "POST", path, body=body, about=about)
    return await gateway.internal.post(path, content=body, headers=headers)


async def say_by_id(gateway: GatewayEnvironment, person: Person) -> None:
    answer = await tell_the_gateway(gateway, "/internal/sessions/end", {"account_id": person.account_id})
    assert answer.json() == {"account_id": person.account_id, "sessions": 2}


async def say_by_niss(gateway: GatewayEnvironment, person: Person) -> None:
    answer = await tell_the_gateway(gateway, "/internal/sessions/end", {"niss": person.niss})
    assert answer.json() == {"account_id": person.account_id, "sessions": 2}


@pytest.mark.parametrize("end", [change_password, delete, say_by_id, say_by_niss])
async def test_all_sessions_end_on_every_replica(
    gateway: GatewayEnvironment, end: Callable[[GatewayEnvironment, Person], Awaitable[None]]
) -> None:
    person, stranger = await gateway.people(1, 1)
    tokens = [person.token, await sign_in(gateway, person)]
    async with gateway.replica(f"sessions-{uuid4().hex}") as http:
        replicas = (gateway.http, http)
        for each in replicas:
            assert [await status(each, token) for token in (*tokens, stranger.token)] == [200] * 3
        await end(gateway, person)
        for each in replicas:
            for token in tokens:
                await eventually(partial(ended, each, token), within=PROMISED)
            assert await status(each, stranger.token) == 200


async def test_a_deleted_account_cannot_sign_in(gateway: GatewayEnvironment) -> None:
    (person,) = await gateway.people(1)
    await delete(gateway, person)
    assert (await gateway.sign_in(person.niss)).status_code == 401


async def test_a_session_that_began_with_the_old_password_never_works(gateway: GatewayEnvironment) -> None:
    (person,) = await gateway.people(1)
    sessions = collection(gateway, "sessions")
    began = await sessions.find_one({"_id": hash_of(person.token)})
    await change_password(gateway, person)
    await sessions.insert_one(began)
    await eventually(partial(ended, gateway.http, person.token), within=PROMISED)


async def used(gateway: GatewayEnvironment, token: str, ago: timedelta) -> datetime:
    """Change when the session was last used."""
    at = (datetime.now(UTC) - ago).replace(microsecond=0)
    await collection(gateway, "sessions").update_one({"_id": hash_of(token)}, {"$set": {"used_at": at}})
    return at


async def last_used(gateway: GatewayEnvironment, token: str) -> datetime:
    at: datetime = (await collection(gateway, "sessions").find_one({"_id": hash_of(token)}))["used_at"]
    return at


async def test_a_session_ends_when_it_was_idle_for_too_long(gateway: GatewayEnvironment) -> None:
    (person,) = await gateway.people(1)
    await used(gateway, person.token, IDLE + 2 * USE_SAVED_EVERY)
    assert await status(gateway.http, person.token) == 401
    (again,) = ((await gateway.sign_in(person.niss)).json()["token"],)
    assert len(await listed(Person(person.http, person.niss, person.account_id, again))) == 1


async def test_the_idle_time_is_a_setting(gateway: GatewayEnvironment) -> None:
    (person,) = await gateway.people(1)
    await used(gateway, person.token, timedelta(minutes=5))
    async with gateway.replica("gateway-impatient", SESSION_IDLE_MINUTES="2") as http:
        assert await status(http, person.token) == 401


async def test_a_use_is_saved_at_most_once_a_minute(gateway: GatewayEnvironment) -> None:
    (person,) = await gateway.people(1)
    before = await used(gateway, person.token, timedelta(seconds=30))
    assert await status(gateway.http, person.token) == 200
    assert await last_used(gateway, person.token) == before
    long_before = await used(gateway, person.token, IDLE - timedelta(minutes=1))
    async with gateway.replica("gateway-uses") as http:
        assert await status(http, person.token) == 200

        async def saved() -> bool:
            return await last_used(gateway, person.token) > long_before

        await eventually(saved)


@pytest.mark.parametrize("account", [{}, {"niss": "12345678910", "account_id": str(UUID(int=1))}, {"account_id": "x"}])
async def test_an_operator_names_one_account(gateway: GatewayEnvironment, account: dict[str, str]) -> None:
    for path in ("/internal/sessions", "/internal/sessions/end"):
        assert (await tell_the_gateway(gateway, path, account)).status_code == 422


async def test_the_operators_command_shows_counts_and_ends_sessions(gateway: GatewayEnvironment) -> None:
    (person,) = await gateway.people(1)
    about = ["--account-id", person.account_id, "--json"]
    planned = await gateway.postigo("sessions", "end", *about)
    assert planned == {"account_id": person.account_id, "sessions": 1, "done": False}
    assert await status(gateway.http, person.token) == 200
    done = await gateway.postigo("sessions", "end", *about, "--yes", "--reason", "telemóvel roubado")
    assert done == {"account_id": person.account_id, "sessions": 1, "done": True}
    assert await status(gateway.http, person.token) == 401


@pytest.mark.parametrize("named", ["id", "NISS"])
async def test_the_operators_command_refuses_an_account_that_does_not_exist(
    gateway: GatewayEnvironment, named: str
) -> None:
    (person,) = await gateway.people(1)
    await delete(gateway, person)
    about = ("--account-id", person.account_id) if named == "id" else ("--niss",)
    code, _, err = await gateway.run("sessions", "end", *about, given=person.niss.encode())
    assert (code, err) == (1, f"postigo: There is no account with this {named}.\n")


async def test_the_operators_command_reads_a_niss_from_standard_input(gateway: GatewayEnvironment) -> None:
    (person,) = await gateway.people(1)
    found = await gateway.postigo("sessions", "end", "--niss", "--json", given=f"{person.niss}\n")
    assert found == {"account_id": person.account_id, "sessions": 1, "done": False}
    assert (await gateway.sign_in(person.niss, PASSWORD)).status_code == 201
