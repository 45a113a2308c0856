"""Uploads through the gateway: streamed, named, and claimed by the submission that names them."""

import asyncio
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from deploy.demo.data import read_document
from gateway.documents.limits import UPLOADS_OF_ONE_ACCOUNT
from services.common.contracts.limits import MAX_FILE_BYTES
from tests.integration.gateway.gateway_environment import BODY, GatewayEnvironment, Person, new_key, value_of
from tests.support.waiting import eventually

PDF = read_document("comprovativo-iban.pdf")


def problem(answer: httpx2.Response) -> str:
    return str(answer.json()["type"].removeprefix("urn:postigo:problem:"))


async def test_an_upload_without_a_session_is_refused(gateway: GatewayEnvironment) -> None:
    answer = await gateway.http.post("/v1/documents", content=PDF)
    assert (answer.status_code, problem(answer)) == (401, "no-session")


async def test_a_file_without_a_key_or_of_another_type_is_refused(person: Person) -> None:
    without_key = await person.send(PDF, key="short")
    text = await person.send(b"hello", content_type="text/plain")
    compressed = await person.send(PDF, content_encoding="gzip")
    mislabelled = await person.send(b"this is no PDF, whatever it says")
    empty = await person.send(b"")
    assert [without_key.status_code, text.status_code, compressed.status_code] == [400, 415, 415]
    assert (mislabelled.status_code, problem(mislabelled)) == (415, "media-type")
    assert [error["code"] for error in mislabelled.json()["errors"]] == ["other_content"]
    assert (empty.status_code, problem(empty)) == (422, "invalid")


async def test_slow_uploads_of_one_account_do_not_block_other_accounts(person: Person, other: Person) -> None:
    started, resume = asyncio.Semaphore(0), asyncio.Event()

    async def slow_body() -> AsyncIterator[bytes]:
        started.release()
        yield PDF[:100]
        await resume.wait()
        yield PDF[100:]

    async with asyncio.TaskGroup() as group:
        slow = [group.create_task(person.send(slow_body())) for _ in range(UPLOADS_OF_ONE_ACCOUNT)]
        for _ in slow:
            await started.acquire()

        async def refused() -> bool:
            answer = await person.send(PDF)
            return answer.status_code == 429 and "retry-after" in answer.headers

        await eventually(refused)
        assert (await other.send(PDF)).status_code == 201
        resume.set()
    assert {task.result().status_code for task in slow} == {201}
    assert (await person.send(PDF)).status_code == 201


async def test_a_file_over_25_mib_is_413_with_or_without_a_declared_length(person: Person) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield PDF
        for _ in range(430):
            yield bytes(64 * 1024)

    chunked = await person.send(endless())
    assert (chunked.status_code, problem(chunked)) == (413, "too-large")
    with_length = await person.send(b"%PDF-" + bytes(26 * 1024 * 1024))
    assert (with_length.status_code, problem(with_length)) == (413, "too-large")


async def sent(person: Person, **about: Any) -> dict[str, Any]:
    answer = await person.send(PDF, **about)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_file_is_stored_with_its_name_and_visible_only_to_its_owner(person: Person, other: Person) -> None:
    file = await sent(person, content_disposition="attachment; filename*=UTF-8''certid%C3%A3o.pdf")
    assert (file["name"], file["media_type"], file["size"]) == ("certidão.pdf", "application/pdf", len(PDF))
    assert file["sha256"] == sha256(PDF).hexdigest()
    path = f"/v1/documents/{file['document_id']}"
    assert (await person.get(path)).json()["sha256"] == file["sha256"]
    assert (await other.get(path)).status_code == 404
    assert (await person.get("/v1/documents/nonsense")).status_code == 404


async def test_a_file_is_judged_by_its_bytes_whatever_it_is_sent_as(person: Person) -> None:
    for declared in ("image/jpg", "image/pjpeg", "application/octet-stream", "application/x-pdf", "text/plain", ""):
        file = await sent(person, content_type=declared, content_disposition='attachment; filename="Carta; 1.pdf"')
        assert (file["media_type"], file["name"]) == ("application/pdf", "Carta; 1.pdf")


async def test_a_file_is_sent_in_a_form_too(person: Person) -> None:
    headers = person.headers(idempotency_key=new_key())
    for name, kept in (("certidão.pdf", "certidão.pdf"), ('o "meu" recibo.jpg', 'o "meu" recibo.jpg.pdf')):
        answer = await person.http.post(
            "/v1/documents",
            files={"qualquer": (name, PDF, "image/jpg")},
            headers=headers | person.headers(idempotency_key=new_key()),
        )
        assert answer.status_code == 201, answer.text
        assert (answer.json()["name"], answer.json()["media_type"]) == (kept, "application/pdf")
        assert answer.json()["sha256"] == sha256(PDF).hexdigest()


async def test_the_size_limit_of_a_file_in_a_form_is_that_of_the_file(person: Person) -> None:
    async def send(size: int) -> httpx2.Response:
        return await person.http.post(
            "/v1/documents",
            files={"file": ("grande.pdf", PDF + bytes(size - len(PDF)))},
            headers=person.headers(idempotency_key=new_key()),
            timeout=20,
        )

    assert (await send(MAX_FILE_BYTES)).status_code == 201
    for size in (MAX_FILE_BYTES + 1, MAX_FILE_BYTES + 1024 * 1024):
        answer = await send(size)
        assert (answer.status_code, problem(answer)) == (413, "too-large")
        assert answer.json()["errors"][0]["detail"] == "Demasiado grande: o limite é 25 MB."


@pytest.mark.parametrize(
    ("files", "data", "status", "kind"),
    [
        ({"file": ("a.pdf", PDF), "other": ("b.pdf", PDF)}, {}, 422, "invalid"),
        ({"file": ("a.pdf", PDF)}, {"note": "x"}, 422, "invalid"),
        ({"file": ("a.pdf", b"")}, {}, 422, "invalid"),
        ({"file": ("a.pdf", b"words")}, {}, 415, "media-type"),
    ],
)
async def test_another_form_is_refused(
    person: Person, files: dict[str, Any], data: dict[str, str], status: int, kind: str
) -> None:
    headers = person.headers(idempotency_key=new_key())
    answer = await person.http.post("/v1/documents", files=files, data=data, headers=headers)
    assert (answer.status_code, problem(answer)) == (status, kind)


async def test_one_key_gives_one_file_and_refuses_other_bytes(person: Person) -> None:
    key = new_key()
    first, again = await sent(person, key=key), await sent(person, key=key)
    assert first["document_id"] == again["document_id"]
    other = await person.send(read_document("certidao-obito.pdf"), key=key)
    assert (other.status_code, problem(other)) == (422, "key-reused")


async def test_a_submission_names_and_claims_its_files(gateway: GatewayEnvironment, person: Person) -> None:
    file = await sent(person)
    key = new_key()
    answer = await person.file(BODY | {"documents": [file["document_id"]]}, key=key)
    assert answer.status_code == 201, answer.text
    (record,) = await gateway.records_of(answer.json()["request_id"])
    assert value_of(record)["documents"] == [file["document_id"]]
    again = await person.file(BODY | {"documents": [file["document_id"]]}, key=key)
    assert again.json()["request_id"] == answer.json()["request_id"]


async def test_another_accounts_file_is_answered_like_an_unknown_one(person: Person, other: Person) -> None:
    theirs, mine = (await sent(other))["document_id"], (await sent(person))["document_id"]
    answer = await person.file(BODY | {"documents": [mine, theirs, str(uuid4())]})
    assert answer.status_code == 422
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [
        ("/documents/1", "unknown_document"),
        ("/documents/2", "unknown_document"),
    ]
