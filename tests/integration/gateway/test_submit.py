"""Submissions: refused with a clear problem, or stored before the answer."""

import asyncio
import json
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from services.common.domain.identifiers import reference_of
from tests.integration.gateway.gateway_environment import (
    BODY,
    GatewayEnvironment,
    Person,
    headers_of,
    new_key,
    value_of,
)


def problem(answer: httpx2.Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json"
    return str(answer.json()["type"].removeprefix("urn:postigo:problem:"))


def pointers(answer: httpx2.Response) -> list[tuple[str, str]]:
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


@pytest.mark.parametrize("body", [BODY, {}, None])
async def test_a_submission_without_a_session_is_refused(
    gateway: GatewayEnvironment, body: dict[str, str] | None
) -> None:
    answer = await gateway.http.post("/v1/requests", json=body)
    assert (answer.status_code, problem(answer)) == (401, "no-session")


@pytest.mark.parametrize("key", [None, "short", "has spaces in the middle"])
async def test_a_missing_or_bad_key_is_400(person: Person, key: str | None) -> None:
    headers = person.headers() if key is None else person.headers(idempotency_key=key)
    answer = await person.http.post("/v1/requests", json=BODY, headers=headers)
    assert (answer.status_code, problem(answer)) == (400, "idempotency-key")


@pytest.mark.parametrize(
    ("content", "content_type", "status", "kind"),
    [
        (b'{"subject": "FAM', "application/json", 400, "not-json"),
        (b"", "application/json", 400, "not-json"),
        (b'{"subject": "FAM-01", "subject": "FAM-02"}', "application/json", 400, "not-json"),
        ("{}".encode("utf-16"), "application/json", 400, "not-json"),
        (b"[" * 60_000, "application/json", 400, "not-json"),
        (b'{"description": "' + b"x" * 70_000 + b'"}', "application/json", 413, "too-large"),
        (json.dumps(BODY).encode(), "text/plain", 415, "media-type"),
        (json.dumps(BODY, ensure_ascii=False).encode("latin-1"), "application/json; charset=latin1", 400, "not-json"),
        (b"[]", "application/json", 422, "invalid"),
    ],
)
async def test_an_invalid_body_is_refused(
    person: Person, content: bytes, content_type: str, status: int, kind: str
) -> None:
    headers = person.headers(idempotency_key=new_key(), content_type=content_type)
    answer = await person.http.post("/v1/requests", content=content, headers=headers)
    assert (answer.status_code, problem(answer)) == (status, kind)


async def test_a_body_over_the_limit_without_a_declared_length_is_413(person: Person) -> None:
    async def endless() -> Any:
        for _ in range(40):
            yield b" " * 4096

    headers = person.headers(idempotency_key=new_key(), content_type="application/json")
    answer = await person.http.post("/v1/requests", content=endless(), headers=headers)
    assert (answer.status_code, problem(answer)) == (413, "too-large")


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"subject": "FAM-99"}, ("/subject", "unknown_subject")),
        ({"reason": "DEN"}, ("/reason", "unknown_reason")),
        ({"subject": "DOE-05"}, ("/subject", "companies_only")),
        ({"description": ""}, ("/description", "blank")),
        ({"description": "   "}, ("/description", "blank")),
        ({"description": "x" * 4001}, ("/description", "too_long")),
        ({"description": "a\ud800b"}, ("/description", "not_storable")),
        ({"documents": ["not an id"]}, ("/documents/0", "not_uuid")),
        ({"documents": [str(uuid4())]}, ("/documents/0", "unknown_document")),
        ({"surprise": 1}, ("/surprise", "unknown_field")),
    ],
)
async def test_an_invalid_field_is_refused_with_a_pointer(
    person: Person, changes: dict[str, Any], found: tuple[str, str]
) -> None:
    content = json.dumps(BODY | changes).encode()
    headers = person.headers(idempotency_key=new_key(), content_type="application/json")
    answer = await person.http.post("/v1/requests", content=content, headers=headers)
    assert (answer.status_code, problem(answer)) == (422, "invalid")
    assert pointers(answer) == [found]


async def test_a_company_cannot_use_a_subject_for_persons(company: Person) -> None:
    answer = await company.file()
    assert (answer.status_code, pointers(answer)) == (422, [("/subject", "persons_only")])


async def test_a_submission_is_one_record_without_identity(gateway: GatewayEnvironment, person: Person) -> None:
    answer = await person.file()
    assert answer.status_code == 201
    filed = answer.json()
    assert set(filed) == {"reference", "request_id", "state", "receipt"}
    assert (filed["state"], answer.headers["location"]) == ("received", f"/v1/requests/{filed['reference']}")
    assert filed["reference"] == reference_of(UUID(filed["request_id"]))
    (record,) = await gateway.records_of(filed["request_id"])
    assert value_of(record) == {
        **BODY,
        "request_id": filed["request_id"],
        "reference": filed["reference"],
        "account_id": person.account_id,
        "actor_id": person.account_id,
        "who": "P",
        "catalogue_version": 1,
        "language": "pt",
        "documents": [],
        "place": None,
        "flags": [],
        "linked": None,
        "answers": [],
        "restricted": False,
    }
    headers = headers_of(record)
    assert headers["ce_type"] == "pt.postigo.request.submitted.v1"
    assert headers["ce_partitionkey"] == filed["request_id"]
    assert (headers["traceparent"] or "").startswith("00-")
    everything = f"{record.value!r}{record.headers!r}"
    assert person.niss not in everything
    assert "example.org" not in everything


@pytest.mark.parametrize(
    ("accepted", "chosen", "language"),
    [
        (None, None, "pt"),
        ("en-GB,en;q=0.9", None, "en"),
        ("en-GB,en;q=0.9", "pt", "pt"),
        ("de-DE,de;q=0.9,en;q=0.5", None, "en"),
        ("de", None, "pt"),
        (None, "en", "en"),
    ],
)
async def test_a_request_is_recorded_in_the_language_it_was_filed_in(
    gateway: GatewayEnvironment, person: Person, accepted: str | None, chosen: str | None, language: str
) -> None:
    """The account's own language is Portuguese."""
    headers = person.headers(idempotency_key=new_key()) | ({"Accept-Language": accepted} if accepted else {})
    body = BODY | ({"language": chosen} if chosen else {})
    filed = (await person.http.post("/v1/requests", json=body, headers=headers)).json()
    (record,) = await gateway.records_of(filed["request_id"])
    assert value_of(record)["language"] == language


async def test_repeated_submissions_with_one_key_and_body_are_one_request(
    gateway: GatewayEnvironment, person: Person
) -> None:
    key = new_key()
    answers = await asyncio.gather(*(person.file(key=key) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {201}
    (request_id,) = {answer.json()["request_id"] for answer in answers}
    records = await gateway.records_of(request_id)
    assert len({record.value for record in records}) == 1
    assert len({headers_of(record)["ce_id"] for record in records}) == 1


async def test_a_key_with_another_body_is_refused_and_the_first_request_stays(person: Person) -> None:
    key = new_key()
    first = await person.file(key=key)
    other = await person.file({**BODY, "description": "Outra coisa."}, key=key)
    assert (other.status_code, problem(other)) == (422, "key-reused")
    assert (await person.file(key=key)).json()["request_id"] == first.json()["request_id"]


async def test_concurrent_bodies_under_one_key_file_one_of_them(person: Person) -> None:
    key = new_key()
    bodies = [BODY | {"description": f"Outra coisa, {number}."} for number in range(20)]
    answers = await asyncio.gather(*(person.file(body, key=key) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [201] + [422] * 19


async def test_one_key_of_two_accounts_gives_two_requests(person: Person, other: Person) -> None:
    key = new_key()
    mine, theirs = await person.file(key=key), await other.file(key=key)
    assert mine.json()["request_id"] != theirs.json()["request_id"]


async def test_problems_are_in_the_language_of_the_request(person: Person) -> None:
    headers = person.headers(idempotency_key="short", accept_language="en")
    answer = await person.http.post("/v1/requests", json=BODY, headers=headers)
    assert answer.headers["content-language"] == "en"
    assert answer.json()["title"] == "The key of the submission is missing or not accepted"
