"""Internal calls need a recent signature of exactly this method, path, headers and body."""

import time
from uuid import UUID, uuid4

import pytest

from services.common.http import problem_types, signing
from tests.integration.documents.documents_environment import DocumentsEnvironment, pdf

REFUSED = problem_types.SIGNATURE.status


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", f"/internal/documents/{UUID(int=1)}"),
        ("GET", f"/internal/documents/{UUID(int=1)}"),
        ("POST", "/internal/claims"),
    ],
)
async def test_an_unsigned_stale_or_tampered_call_is_refused(
    environment: DocumentsEnvironment, method: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = {"Postigo-Owner": str(uuid4()), "Content-Type": "application/pdf"}
    body = pdf() if method == "PUT" else b'{"request_id": 1}' if method == "POST" else None
    signed_body = body if method == "POST" else None
    fresh = environment.signed(method, path, signed_body, owner)
    with monkeypatch.context() as earlier:
        moment = time.time() - signing.WINDOW - 1
        earlier.setattr(time, "time", lambda: moment)
        stale = environment.signed(method, path, signed_body, owner)

    for headers in (
        {},
        stale,
        fresh | {"Postigo-Signature": "0" * 64},
        fresh | {"Postigo-Time": str(int(fresh["Postigo-Time"]) + 1)},
        fresh | {"Postigo-Digest": "0" * 64},
        environment.signed("DELETE", path, signed_body, owner),
        environment.signed(method, f"{path}x", signed_body, owner),
    ):
        answer = await environment.http.request(method, path, content=body, headers=owner | headers)
        assert answer.status_code == REFUSED, headers
        assert answer.json()["type"] == problem_types.SIGNATURE.type
    with_query = await environment.http.request(method, f"{path}?a=b", content=body, headers=owner | fresh)
    assert with_query.status_code == REFUSED


async def test_a_call_with_another_owner_than_signed_is_refused(environment: DocumentsEnvironment) -> None:
    owner = uuid4()
    path = f"/internal/documents/{await environment.upload_file(owner)}"
    headers = environment.signed("GET", path, about={"Postigo-Owner": str(uuid4())})
    answer = await environment.http.get(path, headers=headers | {"Postigo-Owner": str(owner)})
    assert answer.status_code == 403


async def test_a_claim_with_another_body_than_signed_is_refused(environment: DocumentsEnvironment) -> None:
    json_type = {"Content-Type": "application/json"}
    headers = json_type | environment.signed("POST", "/internal/claims", b"{}", json_type)
    answer = await environment.http.post("/internal/claims", content=b"{ }", headers=headers)
    assert answer.status_code == REFUSED


async def test_the_internal_api_has_no_description_pages(environment: DocumentsEnvironment) -> None:
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert (await environment.http.get(path)).status_code == 404


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ({}, 422),
        ([], 422),
        ({"request_id": "x", "owner": str(uuid4()), "documents": []}, 422),
        ({"request_id": str(uuid4()), "owner": str(uuid4()), "documents": [str(uuid4()) for _ in range(11)]}, 422),
        ({"request_id": str(uuid4()), "owner": str(uuid4()), "documents": [str(uuid4()), "no"]}, 422),
        ({"request_id": str(uuid4()), "owner": str(uuid4()), "documents": ["a" * 70_000]}, 413),
    ],
)
async def test_an_invalid_claim_is_refused(environment: DocumentsEnvironment, value: object, status: int) -> None:
    assert (await environment.post_claim(value)).status_code == status


async def test_a_file_named_twice_in_one_claim_is_refused(environment: DocumentsEnvironment) -> None:
    owner = uuid4()
    document_id = await environment.upload_file(owner)
    answer = await environment.claim(uuid4(), owner, document_id, document_id)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "repeated")


async def test_an_owner_that_is_not_a_uuid_is_refused(environment: DocumentsEnvironment) -> None:
    path = f"/internal/documents/{uuid4()}"
    answer = await environment.http.get(path, headers=environment.signed("GET", path, about={"Postigo-Owner": "me"}))
    assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (422, "Postigo-Owner")
