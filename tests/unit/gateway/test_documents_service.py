"""What the documents service refuses, as the person is told: their mistake named, ours never put on them."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import uuid4

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from gateway.documents.client import (
    ANSWER_WITHIN,
    CLAIM_WITHIN,
    READ_WITHIN,
    DocumentsClient,
    Upload,
)
from services.common.contracts.internal import DocumentResponse
from services.common.http import problem_types
from services.common.http.field_errors import FieldError
from services.common.http.problems import Problem, problem_response
from tests.support.serving import serving, settings

OWNER, ONE, OTHER = uuid4(), uuid4(), uuid4()


def invalid(error: FieldError) -> Response:
    return problem_response({"type": "http", "headers": []}, Problem(problem_types.INVALID, error))


def unclaimable(*codes: str) -> Response:
    ids = (ONE, OTHER)
    found = [{"document": str(each), "code": code} for each, code in zip(ids, codes, strict=False)]
    return JSONResponse({"refused": found}, 422)


OURS: Final = [
    invalid(FieldError("not_uuid", parameter="Postigo-Owner")),
    invalid(FieldError("too_many", pointer="/documents", limit=5)),
    unclaimable("of a kind we do not know"),
    JSONResponse({}, 422),
    PlainTextResponse("no", 422),
]


@asynccontextmanager
async def documents(said: Response, *, answer_within: float = ANSWER_WITHIN) -> AsyncIterator[DocumentsClient]:
    """A documents service that says this to everything."""

    async def say(request: Request) -> Response:
        await request.body()
        return said

    app = Starlette(routes=[Route("/{path:path}", say, methods=["PUT", "POST"])])
    async with serving(app, settings()) as port:
        service = DocumentsClient(f"http://127.0.0.1:{port}", b"s" * 32, answer_within=answer_within)
        yield service
        await service.close()


async def pdf() -> AsyncIterator[bytes]:
    yield b"%PDF-"


async def put(service: DocumentsClient, body: AsyncIterator[bytes] | None = None) -> Problem:
    with pytest.raises(Problem) as refused:
        await service.put(Upload(ONE, OWNER, "r.pdf", "application/pdf", None, None), body or pdf())
    return refused.value


async def claim(service: DocumentsClient) -> Problem:
    with pytest.raises(Problem) as refused:
        await service.claim(uuid4(), OWNER, [ONE, OTHER], None)
    return refused.value


async def test_an_empty_file_is_said_to_be_empty() -> None:
    async with documents(invalid(FieldError("empty", pointer=""))) as service:
        problem = await put(service)
    assert (problem.kind, [error.code for error in problem.errors]) == (problem_types.INVALID, ["empty"])


async def test_each_file_that_cannot_be_claimed_is_pointed_at() -> None:
    async with documents(unclaimable("used", "unknown")) as service:
        problem = await claim(service)
    pointed = [(error.pointer, error.code) for error in problem.errors]
    assert pointed == [("/documents/0", "used_document"), ("/documents/1", "unknown_document")]


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (413, "Too large: the limit is 25 MiB."),
        (
            415,
            "The content of the file does not match its declared type. Accepted: application/pdf, image/png, image/jpeg.",
        ),
    ],
)
async def test_a_file_that_is_not_accepted_is_told_what_is(status: int, told: str) -> None:
    async with documents(JSONResponse({}, status)) as service:
        problem = await put(service)
    assert [error.to_body("en")["detail"] for error in problem.errors] == [told]


@pytest.mark.parametrize("said", OURS)
async def test_a_refusal_that_is_no_fault_of_the_person_is_not_put_on_them(said: Any) -> None:
    async with documents(said) as service:
        for problem in (await put(service), await claim(service)):
            assert (problem.kind, problem.errors, problem.headers) == (
                problem_types.UNAVAILABLE,
                (),
                {"Retry-After": "2"},
            )


@asynccontextmanager
async def frozen(*, answer_within: float) -> AsyncIterator[DocumentsClient]:
    """A documents service whose process stands still: the system accepts the connection, and nobody reads from it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        service = DocumentsClient(f"http://127.0.0.1:{port}", b"s" * 32, answer_within=answer_within)
        yield service
        await service.close()


async def large() -> AsyncIterator[bytes]:
    for _ in range(400):
        yield bytes(64 * 1024)


@pytest.mark.parametrize("body", [pdf, large])
async def test_a_service_that_stands_still_ends_an_upload_in_time(body: Callable[[], AsyncIterator[bytes]]) -> None:
    async with frozen(answer_within=0.2) as service:
        async with asyncio.timeout(5):
            problem = await put(service, body())
    assert (problem.kind, problem.headers) == (problem_types.UNAVAILABLE, {"Retry-After": "2"})


async def test_a_service_that_stands_still_ends_a_claim_and_a_read_in_time() -> None:
    async with frozen(answer_within=10) as service:
        async with asyncio.timeout(CLAIM_WITHIN + 1):
            assert (await claim(service)).kind is problem_types.UNAVAILABLE
        async with asyncio.timeout(READ_WITHIN + 1):
            with pytest.raises(Problem) as refused:
                await service.get(ONE, OWNER, None)
    assert refused.value.kind is problem_types.UNAVAILABLE


async def test_whoever_sends_slowly_but_steadily_may_take_longer_than_the_service_has_to_answer() -> None:
    answer_within = 0.3
    shown = DocumentResponse(
        document_id=ONE, name="r.pdf", media_type="application/pdf", size=5, sha256="0", state="stored"
    )

    async def steadily() -> AsyncIterator[bytes]:
        for piece in b"%PDF-":
            await asyncio.sleep(answer_within / 2)
            yield bytes([piece])

    async with documents(Response(shown.model_dump_json(), 201), answer_within=answer_within) as service:
        assert await service.put(Upload(ONE, OWNER, "r.pdf", "application/pdf", None, None), steadily()) == shown
