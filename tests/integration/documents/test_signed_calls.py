"""Internal calls need a recent signature of exactly this method, path, headers and body; responses are signed too."""

import asyncio
import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from gateway.documents import client as gateway
from services.common.contracts.limits import MAX_FILE_BYTES
from services.common.http import problem_types, signing
from services.common.http.problems import Problem
from services.common.http.signing import TRAILER_BYTES
from services.documents.api import router
from tests.integration.documents.documents_environment import DocumentsEnvironment, pdf, stream
from tests.integration.documents.test_uploads import assert_nothing_stored
from tests.support.proxy import CHUNK, Manners, Proxy

REFUSED = problem_types.SIGNATURE.status

DOCUMENT: Final = f"/internal/documents/{UUID(int=1)}"


@dataclass(frozen=True)
class Call:
    method: str
    path: str
    headers: Mapping[str, str]
    content: bytes = b""


PDF_HEADERS: Final = {"Postigo-Owner": str(uuid4()), "Content-Type": "application/pdf"}
CALLS: Final = [
    Call("PUT", DOCUMENT, PDF_HEADERS, pdf()),
    Call("GET", DOCUMENT, {"Postigo-Owner": str(uuid4())}),
    Call("POST", "/internal/claims", {"Content-Type": "application/json"}, b'{"request_id": 1}'),
    Call("GET", "/internal/uploads", {}),
]

every_call = pytest.mark.parametrize("call", CALLS, ids=lambda call: call.method)


def test_every_internal_route_is_among_the_calls() -> None:
    app = FastAPI()
    app.include_router(router)
    contexts = [each for each in iter_route_contexts(app.routes) if isinstance(each.original_route, APIRoute)]
    routes = {(method, str(each.path)) for each in contexts for method in each.methods or ()}
    assert routes == {(call.method, call.path.replace(str(UUID(int=1)), "{document_id}")) for call in CALLS}


async def signed(environment: DocumentsEnvironment, call: Call) -> Call:
    """The call as the gateway signs and sends it."""
    if call.method == "PUT":
        headers, content = await environment.signed_upload(call.path, call.content, call.headers)
        assert isinstance(content, bytes)
        return replace(call, headers=headers, content=content)
    headers = environment.signed(call.method, call.path, call.content, call.headers)
    return replace(call, headers=headers)


async def status_of(environment: DocumentsEnvironment, call: Call) -> int:
    answer = await environment.http.request(call.method, call.path, content=call.content, headers=call.headers)
    if answer.status_code == REFUSED:
        assert answer.json()["type"] == problem_types.SIGNATURE.type
    return answer.status_code


@every_call
async def test_a_signed_call_is_not_refused(environment: DocumentsEnvironment, call: Call) -> None:
    assert await status_of(environment, await signed(environment, call)) in {200, 201, 204, 404, 422}


def with_headers(**changes: str) -> Callable[[Call], Call]:
    names = {name.replace("_", "-"): value for name, value in changes.items()}
    return lambda call: replace(call, headers={**call.headers, **names})


def one_second_later(call: Call) -> Call:
    return with_headers(Postigo_Time=str(int(call.headers["Postigo-Time"]) + 1))(call)


TAMPERED: Final[dict[str, Callable[[Call], Call]]] = {
    "no signature": with_headers(Postigo_Signature=""),
    "another signature": with_headers(Postigo_Signature="0" * 64),
    "another time": one_second_later,
    "another digest": with_headers(Postigo_Digest="0" * 64),
    "a digest said to follow": with_headers(Postigo_Digest="trailer-"),
    "another owner": with_headers(Postigo_Owner=str(uuid4())),
    "another type": with_headers(Content_Type="image/png"),
    "another name": with_headers(Postigo_Name="other.pdf"),
    "another path": lambda call: replace(call, path=f"{call.path}x"),
    "a query": lambda call: replace(call, path=f"{call.path}?a=b"),
    "another method": lambda call: replace(call, method="PATCH"),
    "an added byte": lambda call: replace(call, content=call.content + b" "),
    "an added byte in front": lambda call: replace(call, content=b" " + call.content),
}


@every_call
@pytest.mark.parametrize("tamper", TAMPERED.values(), ids=TAMPERED)
async def test_a_call_that_was_changed_is_refused(
    environment: DocumentsEnvironment, call: Call, tamper: Callable[[Call], Call]
) -> None:
    status = await status_of(environment, tamper(await signed(environment, call)))
    assert status == REFUSED or (status == 415 and call.method == "PUT"), "the first bytes are judged before the last"


@every_call
async def test_a_call_that_was_signed_too_long_ago_is_refused(
    environment: DocumentsEnvironment, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seconds in (signing.WINDOW + 2, -signing.WINDOW - 2, 3600, 10**9):
        with monkeypatch.context() as earlier:
            moment = time.time() - seconds
            earlier.setattr(time, "time", lambda moment=moment: moment)
            old = await signed(environment, call)
        assert await status_of(environment, old) == REFUSED, seconds


@pytest.mark.parametrize("call", CALLS[1:], ids=lambda call: call.method)
async def test_only_an_upload_may_be_signed_as_a_stream(environment: DocumentsEnvironment, call: Call) -> None:
    headers, _ = signing.sign_stream(
        environment.secret, call.method, call.path, body=stream(call.content), about=call.headers
    )
    assert await status_of(environment, replace(call, headers={**call.headers, **headers})) == REFUSED


async def test_an_upload_may_not_be_signed_as_a_whole(environment: DocumentsEnvironment) -> None:
    call = CALLS[0]
    headers = environment.signed(call.method, call.path, call.content, call.headers)
    assert await status_of(environment, replace(call, headers=headers)) == REFUSED


CHANGED: Final[dict[str, Callable[[bytes], bytes]]] = {
    "the last byte of the file": lambda sent: flipped(sent, len(sent) - TRAILER_BYTES - 1),
    "a byte in the middle": lambda sent: flipped(sent, len(sent) // 2),
    "the first byte of the trailer": lambda sent: flipped(sent, len(sent) - TRAILER_BYTES),
    "the last byte of the trailer": lambda sent: flipped(sent, len(sent) - 1),
    "no trailer": lambda sent: sent[:-TRAILER_BYTES],
    "a byte less": lambda sent: sent[:-1],
    "a byte more": lambda sent: sent + b"0",
    "bytes added to the file": lambda sent: sent[:-TRAILER_BYTES] + b"more" + sent[-TRAILER_BYTES:],
    "bytes taken from the file": lambda sent: sent[: -TRAILER_BYTES - 4] + sent[-TRAILER_BYTES:],
    "the trailer twice": lambda sent: sent + sent[-TRAILER_BYTES:],
    "a trailer in capital letters": lambda sent: sent[:-TRAILER_BYTES] + sent[-TRAILER_BYTES:].upper(),
    "a trailer of zeros": lambda sent: sent[:-TRAILER_BYTES] + b"0" * TRAILER_BYTES,
    "a trailer that is no text": lambda sent: sent[:-TRAILER_BYTES] + b"\xff" * TRAILER_BYTES,
    "only the head of a PDF": lambda sent: sent[:20],
    "nothing": lambda sent: sent[:0],
}


def flipped(sent: bytes, at: int) -> bytes:
    return sent[:at] + bytes([sent[at] ^ 1]) + sent[at + 1 :]


@pytest.mark.parametrize("size", [2000, 6 * 1024 * 1024], ids=["one part", "two parts"])
@pytest.mark.parametrize("change", CHANGED.values(), ids=CHANGED)
async def test_an_upload_whose_bytes_were_changed_stores_nothing(
    environment: DocumentsEnvironment, change: Callable[[bytes], bytes], size: int
) -> None:
    document_id, owner = uuid4(), uuid4()
    call = Call("PUT", f"/internal/documents/{document_id}", {**PDF_HEADERS, "Postigo-Owner": str(owner)}, pdf(size))
    sent = await signed(environment, call)
    assert await status_of(environment, replace(sent, content=change(sent.content))) == REFUSED
    await assert_nothing_stored(environment, document_id, owner)
    assert await status_of(environment, sent) == 201, "the person sends it again"


async def test_a_changed_repetition_of_an_upload_is_refused_and_the_file_stays(
    environment: DocumentsEnvironment,
) -> None:
    document_id, owner = uuid4(), uuid4()
    call = Call("PUT", f"/internal/documents/{document_id}", {**PDF_HEADERS, "Postigo-Owner": str(owner)}, pdf())
    sent = await signed(environment, call)
    assert await status_of(environment, sent) == 201
    for change in CHANGED.values():
        assert await status_of(environment, replace(sent, content=change(sent.content))) == REFUSED
    assert list((await environment.objects(document_id)).values()) == [pdf()]


async def test_a_recorded_call_that_is_sent_again_changes_nothing(environment: DocumentsEnvironment) -> None:
    document_id, owner, request_id = uuid4(), uuid4(), uuid4()
    headers = {**PDF_HEADERS, "Postigo-Owner": str(owner)}
    upload = await signed(environment, Call("PUT", f"/internal/documents/{document_id}", headers, pdf()))
    body = f'{{"request_id":"{request_id}","owner":"{owner}","documents":["{document_id}"]}}'.encode()
    claim = await signed(environment, Call("POST", "/internal/claims", {"Content-Type": "application/json"}, body))

    assert [await status_of(environment, upload) for _ in range(3)] == [201, 200, 200]
    assert [await status_of(environment, claim) for _ in range(3)] == [200, 200, 200]
    assert await status_of(environment, upload) == 200

    file = await environment.files.find(document_id)
    assert file is not None
    assert [each.request_id for each in file.claims] == [request_id]
    assert list((await environment.objects(document_id)).values()) == [pdf()]


class Tampering:
    """Replaces bytes of requests on their way."""

    def __init__(self, genuine: bytes, changed: bytes) -> None:
        self._genuine = genuine
        self._changed = changed

    async def next(self, reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> bytes:
        chunk = await reader.read(CHUNK)
        if not chunk:
            raise asyncio.IncompleteReadError(b"", None)
        return chunk.replace(self._genuine, self._changed)


@pytest.mark.parametrize(
    ("genuine", "changed"), [(b"AMOUNT 100", b"AMOUNT 900"), (b"r.pdf", b"q.pdf"), (b"AMOUNT", b"DOUMNT")]
)
@pytest.mark.parametrize("size", [2000, 11 * 1024 * 1024])
async def test_bytes_that_change_between_the_gateway_and_the_service_are_not_stored(
    environment: DocumentsEnvironment, genuine: bytes, changed: bytes, size: int
) -> None:
    document_id, owner, content = uuid4(), uuid4(), pdf(size) + b"AMOUNT 100"
    file = gateway.Upload(document_id, owner, "r.pdf", str(len(content)), MAX_FILE_BYTES, None)
    async with Proxy(environment.url) as proxy:
        client, later = (gateway.DocumentsClient(f"http://127.0.0.1:{proxy.port}", environment.secret) for _ in "ab")
        proxy.behave(Manners(wire=Tampering(genuine, changed)))
        with pytest.raises(Problem) as refused:
            await client.put(file, stream(content))
        assert refused.value.kind is problem_types.UNAVAILABLE
        await assert_nothing_stored(environment, document_id, owner)
        proxy.mend()
        stored, created = await later.put(file, stream(content))
        await client.close()
        await later.close()
    assert created
    assert (stored.size, stored.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert list((await environment.objects(document_id)).values()) == [content]


@every_call
async def test_a_response_is_signed_for_its_call_status_and_body(environment: DocumentsEnvironment, call: Call) -> None:
    sent, other = await signed(environment, call), await signed(environment, replace(call, path=f"{call.path}?other"))
    answer = await environment.http.request(call.method, call.path, content=sent.content, headers=sent.headers)
    secret = environment.secret
    signing.verify_response(secret, sent.headers, answer.status_code, answer.headers, answer.content)
    refused: list[tuple[bytes, Mapping[str, str], int, Mapping[str, str], bytes]] = [
        (secret, other.headers, answer.status_code, answer.headers, answer.content),
        (secret, sent.headers, answer.status_code + 1, answer.headers, answer.content),
        (secret, sent.headers, answer.status_code, answer.headers, answer.content + b" "),
        (secret, sent.headers, answer.status_code, {}, answer.content),
        (b"x" * 32, sent.headers, answer.status_code, answer.headers, answer.content),
    ]
    for wrong in refused:
        with pytest.raises(signing.SignatureRefused):
            signing.verify_response(*wrong)


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
