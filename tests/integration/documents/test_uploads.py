"""Bytes into the bucket: streamed, judged, kept once, and never replaced."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote, urlsplit
from uuid import UUID, uuid4

import pytest

from deploy import demo
from services.common.contracts.limits import MAX_FILE_BYTES
from tests.integration.documents.desk import MIB, Desk, pdf
from tests.support.waiting import eventually

SAMPLES = Path(demo.__file__).parent / "documents"
KEPT = [
    ("recibos-verdes-trimestre.pdf", "application/pdf"),
    ("declaracao-matricula.png", "image/png"),
    ("folha-de-horas.jpg", "image/jpeg"),
]


async def in_chunks(body: bytes, size: int = 64 * 1024) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


async def nothing_is_kept(desk: Desk, document_id: UUID, owner: UUID) -> None:
    assert (await desk.get(document_id, owner)).status_code == 404
    assert await desk.objects(document_id) == {}
    assert await desk.begun_uploads(document_id) == []
    assert await desk.noted_uploads(document_id) == 0


@pytest.mark.parametrize(("sample", "media_type"), KEPT)
async def test_each_kept_type_arrives_whole(desk: Desk, sample: str, media_type: str) -> None:
    body, document_id, owner = (SAMPLES / sample).read_bytes(), uuid4(), uuid4()

    answer = await desk.put(document_id, in_chunks(body, 999), owner=owner, media_type=media_type, name=f"../{sample}")

    assert answer.status_code == 201
    assert answer.json() == {
        "document_id": str(document_id),
        "name": sample,
        "media_type": media_type,
        "size": len(body),
        "sha256": hashlib.sha256(body).hexdigest(),
        "state": "stored",
    }
    assert list((await desk.objects(document_id)).values()) == [body]
    assert (await desk.get(document_id, owner)).json() == answer.json()
    assert await desk.noted_uploads(document_id) == 0


@pytest.mark.parametrize("size", [5 * MIB - 1, 5 * MIB, 5 * MIB + 1, 12 * MIB + 3, MAX_FILE_BYTES])
async def test_a_file_of_many_parts_arrives_whole(desk: Desk, size: int) -> None:
    body, document_id, owner = pdf(size), uuid4(), uuid4()

    answer = await desk.put(document_id, in_chunks(body), owner=owner)

    assert answer.status_code == 201
    assert (answer.json()["size"], answer.json()["sha256"]) == (size, hashlib.sha256(body).hexdigest())
    assert list((await desk.objects(document_id)).values()) == [body]
    assert await desk.begun_uploads(document_id) == []


@pytest.mark.parametrize(
    ("body", "media_type", "status"),
    [
        (b"<html><script>alert(1)</script>", "application/pdf", 415),
        (b"GIF89a" + bytes(3000), "image/png", 415),
        (pdf(), "image/png", 415),
        (pdf(), "text/html", 415),
        (pdf(), "", 415),
        (b"", "application/pdf", 422),
    ],
)
async def test_what_is_not_kept_is_refused_and_leaves_nothing(
    desk: Desk, body: bytes, media_type: str, status: int
) -> None:
    document_id, owner = uuid4(), uuid4()

    answer = await desk.put(document_id, body, owner=owner, media_type=media_type)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    await nothing_is_kept(desk, document_id, owner)


async def test_over_the_cap_is_refused_by_its_declared_length(desk: Desk) -> None:
    document_id, owner = uuid4(), uuid4()
    assert (await desk.put(document_id, pdf(MAX_FILE_BYTES + 1), owner=owner)).status_code == 413
    await nothing_is_kept(desk, document_id, owner)


async def test_over_the_cap_is_refused_while_streaming(desk: Desk) -> None:
    document_id, owner = uuid4(), uuid4()
    assert (await desk.put(document_id, in_chunks(pdf(MAX_FILE_BYTES + 1)), owner=owner)).status_code == 413
    await nothing_is_kept(desk, document_id, owner)


async def send_raw(desk: Desk, document_id: UUID, owner: UUID, length: int, body: bytes, *, hang_up: bool) -> None:
    """A PUT that says it has `length` bytes and sends these; then the client goes, or waits until the server does."""
    place = urlsplit(desk.url)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    path = f"/internal/documents/{document_id}"
    said = {"Postigo-Owner": str(owner), "Content-Type": "application/pdf", "Content-Length": str(length)}
    head = "".join(f"{name}: {value}\r\n" for name, value in (desk.signed("PUT", path, about=said)).items())
    writer.write(f"PUT {path} HTTP/1.1\r\nHost: {place.netloc}\r\nConnection: close\r\n{head}\r\n".encode() + body)
    await writer.drain()
    if not hang_up:
        await reader.read()
    writer.close()


async def test_a_length_that_promises_more_than_comes_leaves_nothing(desk: Desk) -> None:
    """Whether the body ends early in the first part or in a later one, with parts in the bucket already."""
    for size in (2000, 11 * MIB):
        document_id, owner = uuid4(), uuid4()
        await send_raw(desk, document_id, owner, size + 1, pdf(size), hang_up=True)

        async def gone(document_id: UUID = document_id, owner: UUID = owner) -> bool:
            await nothing_is_kept(desk, document_id, owner)
            return True

        await eventually(gone)


async def test_a_length_that_promises_less_than_comes_keeps_no_byte_of_the_rest(desk: Desk) -> None:
    document_id, owner = uuid4(), uuid4()
    await send_raw(desk, document_id, owner, 1500, pdf(4000), hang_up=False)

    async def settled() -> bool:
        return await desk.noted_uploads(document_id) == 0

    await eventually(settled)
    assert set((await desk.objects(document_id)).values()) <= {pdf(4000)[:1500]}


async def test_the_same_upload_again_gives_the_same_answer_and_one_object(desk: Desk) -> None:
    document_id, owner, body = uuid4(), uuid4(), pdf(6 * MIB)
    first = await desk.put(document_id, body, owner=owner, name="a.pdf")
    again = await desk.put(document_id, in_chunks(body), owner=owner, name="b.pdf")

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert len(await desk.objects(document_id)) == 1


async def test_other_bytes_or_another_owner_cannot_replace_a_file(desk: Desk) -> None:
    document_id, owner = uuid4(), uuid4()
    await desk.put(document_id, pdf(), owner=owner)

    assert (await desk.put(document_id, pdf(seed=1), owner=owner)).status_code == 409
    assert (await desk.put(document_id, pdf(), owner=uuid4())).status_code == 409
    assert list((await desk.objects(document_id)).values()) == [pdf()]


async def test_of_uploads_at_the_same_time_one_is_kept_and_its_bytes_are_the_answered_ones(desk: Desk) -> None:
    document_id, owner = uuid4(), uuid4()
    bodies = [pdf(6 * MIB, seed % 2) for seed in range(6)]

    answers = await asyncio.gather(*(desk.put(document_id, in_chunks(body), owner=owner) for body in bodies))

    (kept,) = (await desk.objects(document_id)).values()
    by_body = [(body == kept, answer.status_code) for body, answer in zip(bodies, answers, strict=True)]
    assert [status for _, status in by_body].count(201) == 1
    assert all(status in ({200, 201} if same else {409}) for same, status in by_body)
    assert await desk.noted_uploads(document_id) == 0


async def test_somebody_elses_file_is_answered_like_an_unknown_one(desk: Desk) -> None:
    document_id = await desk.stored(uuid4())
    theirs, unknown = await desk.get(document_id, uuid4()), await desk.get(uuid4(), uuid4())

    assert theirs.status_code == unknown.status_code == 404
    assert {**theirs.json(), "support_code": ""} == {**unknown.json(), "support_code": ""}


async def test_a_compressed_body_is_refused(desk: Desk) -> None:
    path = f"/internal/documents/{uuid4()}"
    said = {"Postigo-Owner": str(uuid4()), "Content-Type": "application/pdf", "Content-Encoding": "gzip"}
    assert (await desk.http.put(path, content=pdf(), headers=desk.signed("PUT", path, about=said))).status_code == 415


@pytest.mark.parametrize("name", [quote("Março ☂.pdf"), "r%FFx.pdf", ""])
async def test_a_name_is_read_as_percent_encoded_utf_8(desk: Desk, name: str) -> None:
    document_id, owner = uuid4(), uuid4()
    path = f"/internal/documents/{document_id}"
    said = {"Postigo-Owner": str(owner), "Content-Type": "application/pdf", "Postigo-Name": name}

    answer = await desk.http.put(path, content=pdf(), headers=desk.signed("PUT", path, about=said))

    if "%FF" in name:
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["parameter"] == "Postigo-Name"
    else:
        assert answer.json()["name"] == ("Março ☂.pdf" if name else "documento.pdf")
