"""Uploads: streamed to the bucket, validated, stored once, and never replaced."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote, urlsplit
from uuid import UUID, uuid4

import pytest

from deploy import demo
from services.common.contracts.limits import MAX_FILE_BYTES
from tests.integration.documents.documents_environment import MIB, DocumentsEnvironment, pdf
from tests.support.waiting import eventually

SAMPLES = Path(demo.__file__).parent / "documents"
ACCEPTED = [
    ("recibos-verdes-trimestre.pdf", "application/pdf"),
    ("declaracao-matricula.png", "image/png"),
    ("folha-de-horas.jpg", "image/jpeg"),
]


async def in_chunks(body: bytes, size: int = 64 * 1024) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


async def assert_nothing_stored(environment: DocumentsEnvironment, document_id: UUID, owner: UUID) -> None:
    assert (await environment.get(document_id, owner)).status_code == 404
    assert await environment.objects(document_id) == {}
    assert await environment.unfinished_uploads(document_id) == []
    assert await environment.pending_uploads(document_id) == 0


@pytest.mark.parametrize(("sample", "media_type"), ACCEPTED)
async def test_each_accepted_type_is_stored_whole(
    environment: DocumentsEnvironment, sample: str, media_type: str
) -> None:
    body, document_id, owner = (SAMPLES / sample).read_bytes(), uuid4(), uuid4()

    answer = await environment.put(
        document_id, in_chunks(body, 999), owner=owner, media_type=media_type, name=f"../{sample}"
    )

    assert answer.status_code == 201
    assert answer.json() == {
        "document_id": str(document_id),
        "name": sample,
        "media_type": media_type,
        "size": len(body),
        "sha256": hashlib.sha256(body).hexdigest(),
        "state": "stored",
    }
    assert list((await environment.objects(document_id)).values()) == [body]
    assert (await environment.get(document_id, owner)).json() == answer.json()
    assert await environment.pending_uploads(document_id) == 0


@pytest.mark.parametrize("size", [5 * MIB - 1, 5 * MIB, 5 * MIB + 1, 12 * MIB + 3, MAX_FILE_BYTES])
async def test_a_file_of_many_parts_is_stored_whole(environment: DocumentsEnvironment, size: int) -> None:
    body, document_id, owner = pdf(size), uuid4(), uuid4()

    answer = await environment.put(document_id, in_chunks(body), owner=owner)

    assert answer.status_code == 201
    assert (answer.json()["size"], answer.json()["sha256"]) == (size, hashlib.sha256(body).hexdigest())
    assert list((await environment.objects(document_id)).values()) == [body]
    assert await environment.unfinished_uploads(document_id) == []


@pytest.mark.parametrize(
    ("body", "media_type", "status"),
    [
        (b"<html><script>alert(1)</script>", "application/pdf", 415),
        (b"GIF89a" + bytes(3000), "image/png", 415),
        (b"MZ\x90\x00" + bytes(2000), "application/octet-stream", 415),
        (b"", "application/pdf", 422),
    ],
)
async def test_unacceptable_content_is_refused_and_leaves_nothing(
    environment: DocumentsEnvironment, body: bytes, media_type: str, status: int
) -> None:
    document_id, owner = uuid4(), uuid4()

    answer = await environment.put(document_id, body, owner=owner, media_type=media_type)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    await assert_nothing_stored(environment, document_id, owner)


@pytest.mark.parametrize(
    "declared", ["image/png", "image/jpg", "application/octet-stream", "application/x-pdf", "text/html", ""]
)
@pytest.mark.parametrize(("sample", "media_type"), ACCEPTED)
async def test_the_bytes_decide_the_type_and_the_ending_of_the_name(
    environment: DocumentsEnvironment, sample: str, media_type: str, declared: str
) -> None:
    body, ending = (SAMPLES / sample).read_bytes(), Path(sample).suffix

    named, unnamed = [
        await environment.put(uuid4(), body, owner=uuid4(), media_type=declared, name=name)
        for name in (sample, "ficheiro.gif")
    ]

    assert (named.status_code, named.json()["media_type"], named.json()["name"]) == (201, media_type, sample)
    assert unnamed.json()["name"] == f"ficheiro.gif{ending}"


@pytest.mark.parametrize("before", [b"\xef\xbb\xbf", b"\r\n", b" \n\t"])
async def test_a_pdf_behind_a_byte_order_mark_or_white_space_is_stored_as_it_is(
    environment: DocumentsEnvironment, before: bytes
) -> None:
    document_id, owner = uuid4(), uuid4()
    answer = await environment.put(document_id, before + pdf(), owner=owner)
    assert (answer.status_code, answer.json()["media_type"]) == (201, "application/pdf")
    assert list((await environment.objects(document_id)).values()) == [before + pdf()]


async def test_a_file_over_the_limit_is_refused_by_its_declared_length(environment: DocumentsEnvironment) -> None:
    document_id, owner = uuid4(), uuid4()
    assert (await environment.put(document_id, pdf(MAX_FILE_BYTES + 1), owner=owner)).status_code == 413
    await assert_nothing_stored(environment, document_id, owner)


async def test_a_file_over_the_limit_is_refused_while_streaming(environment: DocumentsEnvironment) -> None:
    document_id, owner = uuid4(), uuid4()
    assert (await environment.put(document_id, in_chunks(pdf(MAX_FILE_BYTES + 1)), owner=owner)).status_code == 413
    await assert_nothing_stored(environment, document_id, owner)


async def send_raw(
    environment: DocumentsEnvironment, document_id: UUID, owner: UUID, length: int, body: bytes, *, hang_up: bool
) -> None:
    """A PUT that declares `length` bytes and sends `body`. Then the client disconnects, or waits for the server."""
    url = urlsplit(environment.url)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    path = f"/internal/documents/{document_id}"
    about = {"Postigo-Owner": str(owner), "Content-Type": "application/pdf", "Content-Length": str(length)}
    signed, _ = await environment.signed_upload(path, body, about)
    headers = "".join(f"{name}: {value}\r\n" for name, value in signed.items())
    writer.write(f"PUT {path} HTTP/1.1\r\nHost: {url.netloc}\r\nConnection: close\r\n{headers}\r\n".encode() + body)
    await writer.drain()
    if not hang_up:
        await reader.read()
    writer.close()


async def test_a_body_shorter_than_its_declared_length_leaves_nothing(environment: DocumentsEnvironment) -> None:
    """The body ends early in the first part, or in a later one when parts are already in the bucket."""
    for size in (2000, 11 * MIB):
        document_id, owner = uuid4(), uuid4()
        await send_raw(environment, document_id, owner, size + 1, pdf(size), hang_up=True)

        async def removed(document_id: UUID = document_id, owner: UUID = owner) -> bool:
            await assert_nothing_stored(environment, document_id, owner)
            return True

        await eventually(removed)


async def test_a_body_longer_than_its_declared_length_is_cut(environment: DocumentsEnvironment) -> None:
    document_id, owner = uuid4(), uuid4()
    await send_raw(environment, document_id, owner, 1500, pdf(4000), hang_up=False)

    async def ended() -> bool:
        return await environment.pending_uploads(document_id) == 0

    await eventually(ended)
    assert set((await environment.objects(document_id)).values()) <= {pdf(4000)[:1500]}


async def test_repeating_an_upload_gives_the_same_answer_and_one_object(environment: DocumentsEnvironment) -> None:
    document_id, owner, body = uuid4(), uuid4(), pdf(6 * MIB)
    first = await environment.put(document_id, body, owner=owner, name="a.pdf")
    again = await environment.put(document_id, in_chunks(body), owner=owner, name="b.pdf")

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert len(await environment.objects(document_id)) == 1


async def test_other_bytes_or_another_owner_cannot_replace_a_file(environment: DocumentsEnvironment) -> None:
    document_id, owner = uuid4(), uuid4()
    await environment.put(document_id, pdf(), owner=owner)

    assert (await environment.put(document_id, pdf(seed=1), owner=owner)).status_code == 409
    assert (await environment.put(document_id, pdf(), owner=uuid4())).status_code == 409
    assert list((await environment.objects(document_id)).values()) == [pdf()]


async def test_of_concurrent_uploads_one_is_stored_and_only_equal_bytes_succeed(
    environment: DocumentsEnvironment,
) -> None:
    document_id, owner = uuid4(), uuid4()
    bodies = [pdf(6 * MIB, seed % 2) for seed in range(6)]

    answers = await asyncio.gather(*(environment.put(document_id, in_chunks(body), owner=owner) for body in bodies))

    (stored,) = (await environment.objects(document_id)).values()
    by_body = [(body == stored, answer.status_code) for body, answer in zip(bodies, answers, strict=True)]
    assert [status for _, status in by_body].count(201) == 1
    assert all(status in ({200, 201} if same else {409}) for same, status in by_body)
    assert await environment.pending_uploads(document_id) == 0


async def test_another_owners_file_is_answered_like_an_unknown_one(environment: DocumentsEnvironment) -> None:
    document_id = await environment.upload_file(uuid4())
    theirs, unknown = await environment.get(document_id, uuid4()), await environment.get(uuid4(), uuid4())

    assert theirs.status_code == unknown.status_code == 404
    assert {**theirs.json(), "support_code": ""} == {**unknown.json(), "support_code": ""}


async def test_a_compressed_body_is_refused(environment: DocumentsEnvironment) -> None:
    path = f"/internal/documents/{uuid4()}"
    about = {"Postigo-Owner": str(uuid4()), "Content-Type": "application/pdf", "Content-Encoding": "gzip"}
    headers, content = await environment.signed_upload(path, pdf(), about)
    assert (await environment.http.put(path, content=content, headers=headers)).status_code == 415


@pytest.mark.parametrize("name", [quote("Março ☂.pdf"), "r%FFx.pdf", ""])
async def test_a_name_is_decoded_as_percent_encoded_utf_8(environment: DocumentsEnvironment, name: str) -> None:
    document_id, owner = uuid4(), uuid4()
    path = f"/internal/documents/{document_id}"
    about = {"Postigo-Owner": str(owner), "Content-Type": "application/pdf", "Postigo-Name": name}

    headers, content = await environment.signed_upload(path, pdf(), about)
    answer = await environment.http.put(path, content=content, headers=headers)

    if "%FF" in name:
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["parameter"] == "Postigo-Name"
    else:
        assert answer.json()["name"] == ("Março ☂.pdf" if name else "documento.pdf")
