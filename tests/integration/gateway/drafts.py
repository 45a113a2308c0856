"""Calls about drafts, as a person's devices make them."""

from collections.abc import Mapping
from typing import Any, Final

import httpx2
import motor.motor_asyncio

from tests.integration.gateway.gateway_environment import BODY, GatewayEnvironment, Person, new_key

CANARY: Final = "canário-do-rascunho"
"""Words that must be in no log and in no problem."""

CONTENT: Final = BODY | {"description": f"Bom dia. {CANARY}"}


def kind(answer: httpx2.Response) -> tuple[int, str]:
    assert CANARY not in answer.text
    return answer.status_code, str(answer.json()["type"]).removeprefix("urn:postigo:problem:")


def path(draft: Mapping[str, Any]) -> str:
    return f"/v1/drafts/{draft['draft_id']}"


async def create(person: Person, content: Mapping[str, Any] | None = None, key: str | None = None) -> httpx2.Response:
    headers = person.headers(idempotency_key=key or new_key())
    return await person.http.post("/v1/drafts", json=CONTENT if content is None else content, headers=headers)


async def begin(person: Person, content: Mapping[str, Any] | None = None) -> dict[str, Any]:
    answer = await create(person, content)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def read(person: Person, draft: Mapping[str, Any]) -> dict[str, Any]:
    answer = await person.get(path(draft))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def save(person: Person, draft: Mapping[str, Any], version: int, content: Mapping[str, Any]) -> httpx2.Response:
    headers = person.headers(if_match=f'"{version}"')
    return await person.http.put(path(draft), json=content, headers=headers, timeout=20)


async def delete(person: Person, draft: Mapping[str, Any], **headers: str) -> httpx2.Response:
    return await person.http.delete(path(draft), headers=person.headers(**headers))


async def submit(person: Person, draft: Mapping[str, Any], version: int = 1, **headers: str) -> httpx2.Response:
    about = person.headers(if_match=f'"{version}"', **headers)
    return await person.http.post(f"{path(draft)}/submission", headers=about, timeout=20)


def collection(gateway: GatewayEnvironment, database: str, name: str) -> Any:
    client: Any = motor.motor_asyncio.AsyncIOMotorClient(
        gateway.stack.env["MONGO_URL"], tz_aware=True, uuidRepresentation="standard"
    )
    return client[f"postigo_{database}"][name]


async def claims(gateway: GatewayEnvironment, document_id: str) -> list[str]:
    """The ids that claim the file, as the documents service stores them."""
    found = await collection(gateway, "documents", "documents").find_one({"_id": document_id})
    return [str(each["request_id"]) for each in found["state"]["claims"]]
