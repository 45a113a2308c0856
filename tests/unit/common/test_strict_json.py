"""JSON is parsed strictly: input that two parsers could read differently is rejected."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from fastapi import APIRouter, FastAPI, Request
from hypothesis import given, strategies as st
from pydantic import BaseModel

from services.common.http import problems
from services.common.http.field_errors import FieldError
from services.common.http.problems import Problem
from services.common.http.strict_json import StrictJsonRoute, parse_json, require_json

LIMIT = 100


class Form(BaseModel):
    town: str


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    class SmallRoute(StrictJsonRoute):
        body_limit = LIMIT

    router = APIRouter(route_class=SmallRoute)

    @router.post("/forms")
    async def fill(form: Form, request: Request) -> Any:
        return {"town": form.town, "received": await request.json()}

    app = FastAPI()
    problems.install(app)
    app.include_router(router)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://forms") as client:
        yield client


def request(headers: dict[str, str]) -> Request:
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": pairs, "query_string": b""})


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def test_an_endpoint_gets_its_model_and_the_value_as_it_was_received(http: httpx2.AsyncClient) -> None:
    body = b'{"town": "Faro", "extra": [1, 2.5]}'
    answer = await http.post(
        "/forms", content=chunks(body[:9], b"", body[9:]), headers={"content-type": "application/json"}
    )
    assert answer.json() == {"town": "Faro", "received": {"town": "Faro", "extra": [1, 2.5]}}


@pytest.mark.parametrize("content", [b'{"town": "Faro", "town": "Faro"}', b'{"town": "Fa', b'{"town": NaN}'])
async def test_a_body_that_is_not_strict_json_is_400(http: httpx2.AsyncClient, content: bytes) -> None:
    answer = await http.post("/forms", content=content, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:postigo:problem:not-json")


@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_over_the_limit_is_413_whether_its_length_is_declared_or_not(
    http: httpx2.AsyncClient, declared: bool
) -> None:
    body = json.dumps({"town": "F" * LIMIT}).encode()
    content = body if declared else chunks(body[:50], body[50:])
    answer = await http.post("/forms", content=content, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["errors"][0]["detail"]) == (
        413,
        f"Demasiado grande: o limite é {LIMIT} bytes.",
    )


async def test_another_content_type_is_415_before_anything_is_parsed(http: httpx2.AsyncClient) -> None:
    answer = await http.post("/forms", content=b"{", headers={"content-type": "text/plain"})
    assert (answer.status_code, answer.headers["accept"]) == (415, "application/json")


async def test_a_missing_body_is_a_missing_field(http: httpx2.AsyncClient) -> None:
    answer = await http.post("/forms")
    assert (answer.status_code, answer.json()["errors"]) == (
        422,
        [{"pointer": "", "code": "required", "detail": "Este campo é obrigatório."}],
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"a": 1',
        b'{"a": "tex',
        b"{'a': 1}",
        b'{"a": 1, "a": 2}',
        b'{"a": {"b": 1, "b": 1}}',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b"[" * 60_000,
        b"[" * 40 + b"]" * 40,
        b'{"a": "\xff"}',
        "{}".encode("utf-16"),
        b"\xef\xbb\xbf" * 2 + b"{}",
        b'{"town": "\xc9vora"}',
        '{"town": "Évora"}'.encode("utf-16-le"),
        '{"town": "Évora"}'.encode("utf-32"),
        b'{"a": 1} x',
    ],
)
def test_an_ambiguous_or_malformed_body_is_not_json(body: bytes) -> None:
    with pytest.raises(Problem) as rejected:
        parse_json(body)
    assert rejected.value.kind.code == "not-json"


DEEP = b"[" * 40 + b"]" * 40


@pytest.mark.parametrize(
    ("body", "code", "pointer", "position"),
    [
        (b"", "json_empty", "", None),
        (b"\xef\xbb\xbf \n", "json_empty", "", None),
        (b'{"a": "\xff"}', "json_encoding", "", None),
        ("{}".encode("utf-16"), "json_encoding", "", None),
        (b"{", "json_incomplete", "", (1, 2)),
        (b'{"a": 1,\n "b": [1, 2\n', "json_incomplete", "", (3, 1)),
        (b'{"a": "tex', "json_incomplete", "", (1, 7)),
        (b"{'a': 1}", "json_broken", "", (1, 2)),
        (b'{"a": 1,\n "b": 01}', "json_broken", "", (2, 8)),
        (b'{"a": 1} x', "json_broken", "", (1, 10)),
        (b'{"a": 1, "a": 2}', "json_repeated", "/a", None),
        (b'{"a": [0, {"b": 1, "c": 2, "b": 1}]}', "json_repeated", "/a/1/b", None),
        (b'{"12345678910": 1, "12345678910": 2}', "json_repeated", "", None),
        (DEEP, "json_too_deep", "", None),
        (b"[" * 60_000, "json_too_deep", "", None),
        (b'{"a": NaN}', "json_number", "", None),
        (b'{"a": 1e999}', "json_number", "", None),
        (b'{"a": ' + b"9" * 5000 + b"}", "json_number", "", None),
    ],
)
def test_the_error_says_what_is_wrong_and_where(
    body: bytes, code: str, pointer: str, position: tuple[int, int] | None
) -> None:
    with pytest.raises(Problem) as rejected:
        parse_json(body)
    (error,) = rejected.value.errors
    assert (error.code, error.pointer, error.position) == (code, pointer, position)


def test_the_words_say_where() -> None:
    error = FieldError("json_broken", "", position=(2, 8))
    assert error.to_body("en") == {
        "pointer": "",
        "code": "json_broken",
        "detail": "The JSON has an error at line 2, column 8.",
        "line": 2,
        "column": 8,
    }
    assert error.text("pt") == "O JSON tem um erro na linha 2, coluna 8."


async def test_an_empty_body_that_is_declared_as_json_is_said_to_be_empty(http: httpx2.AsyncClient) -> None:
    answer = await http.post("/forms", content=b"", headers={"content-type": "application/json"})
    assert (answer.status_code, [each["code"] for each in answer.json()["errors"]]) == (400, ["json_empty"])


@given(value=st.dictionaries(st.text(), st.text() | st.integers() | st.booleans() | st.none()))
def test_valid_json_is_parsed_unchanged(value: dict[str, object]) -> None:
    assert parse_json(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "text/plain; charset=application/json"},
        {"content-type": "application/jsonp"},
        {"content-type": "application/json", "content-encoding": "gzip"},
        {"content-type": "application/json", "transfer-encoding": "gzip, chunked"},
    ],
)
def test_another_type_or_encoding_is_415(headers: dict[str, str]) -> None:
    with pytest.raises(Problem) as rejected:
        require_json(request(headers))
    assert rejected.value.kind.status == 415


@pytest.mark.parametrize(
    "declared",
    [
        "application/json",
        "application/json; charset=utf-8",
        'APPLICATION/JSON;charset="UTF-8"',
        "application/json; charset=utf8",
        "application/json;odata=verbose",
        "application/json; charset=utf-8; v=1",
        "application/json; charset=iso-8859-1",
        "application/json;",
    ],
)
async def test_json_is_json_whatever_its_parameters(http: httpx2.AsyncClient, declared: str) -> None:
    answer = await http.post("/forms", content='{"town": "Évora"}'.encode(), headers={"content-type": declared})
    assert answer.json()["town"] == "Évora"


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-16-be", "utf-32-le"])
async def test_json_in_another_encoding_is_400_whatever_it_declares(http: httpx2.AsyncClient, encoding: str) -> None:
    headers = {"content-type": f"application/json; charset={encoding}"}
    answer = await http.post("/forms", content='{"town": "Évora"}'.encode(encoding), headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:postigo:problem:not-json")


def test_a_byte_order_mark_before_json_is_ignored() -> None:
    assert parse_json(b"\xef\xbb\xbf{}") == {}
    assert parse_json(b'\xef\xbb\xbf {"a": "\xef\xbb\xbf"}') == {"a": "\ufeff"}
