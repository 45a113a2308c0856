"""Refusals of the documents service: the person's mistake is named, and our own errors are answered as unavailable."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import uuid4

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from gateway.documents.client import ANSWER_WITHIN, CALL_TIMEOUT, KEEPALIVE, DocumentsClient, Upload
from services.common.contracts.internal import DocumentResponse
from services.common.http import problem_types
from services.common.http.field_errors import FieldError
from services.common.http.internal_auth import SignedResponses
from services.common.http.problems import Problem, problem_response
from services.documents.settings import Settings
from tests.support.serving import serving, settings

SECRET: Final = b"s" * 32

OWNER, ONE, OTHER = uuid4(), uuid4(), uuid4()
QUOTA = 1024


def invalid(error: FieldError) -> Response:
    return problem_response({"type": "http", "headers": []}, Problem(problem_types.INVALID, error))


def unclaimable(*codes: str) -> Response:
    ids = (ONE, OTHER)
    found = [{"document": str(each), "code": code} for each, code in zip(ids, codes, strict=False)]
    return JSONResponse({"refused": found}, 422)


OUR_ERRORS: Final = [
    invalid(FieldError("not_uuid", parameter="Postigo-Owner")),
    invalid(FieldError("too_many", pointer="/documents", limit=5)),
    unclaimable("of a kind we do not know"),
    JSONResponse({}, 422),
    PlainTextResponse("no", 422),
]


@asynccontextmanager
async def documents(
    response: Response, *, answer_within: float = ANSWER_WITHIN, secret: bytes = SECRET
) -> AsyncIterator[DocumentsClient]:
    """A client of a documents service that answers every call with `response`, signed with `secret`."""

    async def respond(request: Request) -> Response:
        await request.body()
        return response

    app = Starlette(routes=[Route("/{path:path}", respond, methods=["PUT", "POST"])])
    app.state.internal_secret = secret
    app.add_middleware(SignedResponses)
    async with serving(app, settings()) as port:
        service = DocumentsClient(f"http://127.0.0.1:{port}", SECRET, answer_within=answer_within)
        yield service
        await service.close()


async def pdf() -> AsyncIterator[bytes]:
    yield b"%PDF-"


async def put(service: DocumentsClient, body: AsyncIterator[bytes] | None = None) -> Problem:
    with pytest.raises(Problem) as refused:
        await service.put(Upload(ONE, OWNER, "r.pdf", None, QUOTA, None), body or pdf())
    return refused.value


async def claim(service: DocumentsClient) -> Problem:
    with pytest.raises(Problem) as refused:
        await service.claim(uuid4(), OWNER, {ONE: "/documents/0", OTHER: "/documents/1"}, None)
    return refused.value


async def test_an_empty_file_is_refused_as_empty() -> None:
    async with documents(invalid(FieldError("empty", pointer=""))) as service:
        problem = await put(service)
    assert (problem.kind, [error.code for error in problem.errors]) == (problem_types.INVALID, ["empty"])


async def test_each_file_that_cannot_be_claimed_is_named_by_pointer() -> None:
    async with documents(unclaimable("used", "unknown")) as service:
        problem = await claim(service)
    pointed = [(error.pointer, error.code) for error in problem.errors]
    assert pointed == [("/documents/0", "used_document"), ("/documents/1", "unknown_document")]


@pytest.mark.parametrize(
    ("status", "detail"),
    [
        (413, "Too large: the limit is 25 MB."),
        (
            415,
            "The content of this file is not recognised. Accepted: PDF, PNG or JPEG.",
        ),
    ],
)
async def test_a_refused_file_is_answered_with_what_is_accepted(status: int, detail: str) -> None:
    async with documents(JSONResponse({}, status)) as service:
        problem = await put(service)
    assert [error.to_body("en")["detail"] for error in problem.errors] == [detail]


async def test_a_response_that_was_signed_with_another_secret_is_answered_as_unavailable() -> None:
    async with documents(unclaimable("used", "unknown"), secret=b"t" * 32) as service:
        for problem in (await put(service), await claim(service)):
            assert (problem.kind, problem.errors) == (problem_types.UNAVAILABLE, ())


@pytest.mark.parametrize("response", OUR_ERRORS)
async def test_a_refusal_caused_by_our_own_error_is_answered_as_unavailable(response: Any) -> None:
    async with documents(response) as service:
        for problem in (await put(service), await claim(service)):
            assert (problem.kind, problem.errors, problem.headers) == (
                problem_types.UNAVAILABLE,
                (),
                {"Retry-After": "2"},
            )


@asynccontextmanager
async def frozen(*, answer_within: float) -> AsyncIterator[DocumentsClient]:
    """A client of a frozen documents service: the operating system accepts the connection, but nothing reads from it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        service = DocumentsClient(f"http://127.0.0.1:{port}", SECRET, answer_within=answer_within)
        yield service
        await service.close()


@pytest.mark.parametrize(("call", "connections"), [(claim, 2), (put, 1)])
async def test_after_a_broken_connection_a_call_without_a_file_is_sent_once_more(
    call: Callable[[DocumentsClient], Awaitable[Problem]], connections: int
) -> None:
    accepted = 0

    async def break_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal accepted
        accepted += 1
        await reader.read(1)
        writer.close()

    async with await asyncio.start_server(break_off, "127.0.0.1", 0) as server:
        service = DocumentsClient(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", SECRET)
        problem = await call(service)
        await service.close()
    assert (problem.kind, accepted) == (problem_types.UNAVAILABLE, connections)


async def large() -> AsyncIterator[bytes]:
    for _ in range(400):
        yield bytes(64 * 1024)


@pytest.mark.parametrize("body", [pdf, large])
async def test_an_upload_to_a_frozen_service_is_unavailable_in_time(body: Callable[[], AsyncIterator[bytes]]) -> None:
    async with frozen(answer_within=0.2) as service:
        async with asyncio.timeout(5):
            problem = await put(service, body())
    assert (problem.kind, problem.headers) == (problem_types.UNAVAILABLE, {"Retry-After": "2"})


async def test_a_claim_and_a_read_of_a_frozen_service_are_unavailable_in_time() -> None:
    async with frozen(answer_within=10) as service:
        async with asyncio.timeout(CALL_TIMEOUT + 1):
            assert (await claim(service)).kind is problem_types.UNAVAILABLE
        async with asyncio.timeout(CALL_TIMEOUT + 1):
            with pytest.raises(Problem) as refused:
                await service.get(ONE, OWNER, None)
    assert refused.value.kind is problem_types.UNAVAILABLE


def test_idle_connections_are_given_up_before_the_service_closes_them() -> None:
    assert Settings.model_fields["http_drain"].default > KEEPALIVE


async def test_a_slow_but_steady_upload_may_take_longer_than_the_answer_timeout() -> None:
    answer_within = 0.3
    response = DocumentResponse(
        document_id=ONE, name="r.pdf", media_type="application/pdf", size=5, sha256="0", state="stored"
    )

    async def slow_body() -> AsyncIterator[bytes]:
        for piece in b"%PDF-":
            await asyncio.sleep(answer_within / 2)
            yield bytes([piece])

    async with documents(Response(response.model_dump_json(), 201), answer_within=answer_within) as service:
        assert await service.put(Upload(ONE, OWNER, "r.pdf", None, QUOTA, None), slow_body()) == (response, True)
