"""JSON is read strictly: what two readers could understand differently is refused."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, strategies as st
from starlette.requests import ClientDisconnect, Request

from services.common.web.bodies import parse_json, read_body, require_json
from services.common.web.heads import header_of
from services.common.web.problems import Problem


def request(*messages: dict[str, Any], headers: dict[str, str] | None = None) -> Request:
    waiting = list(messages)

    async def receive() -> dict[str, Any]:
        return waiting.pop(0)

    pairs = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": pairs, "query_string": b""}, receive)


def test_of_a_header_that_comes_twice_the_first_counts() -> None:
    twice = Request({"type": "http", "headers": [(b"a", b"1"), (b"b", b"2"), (b"a", b"3")]})
    assert [header_of(twice.scope, name) for name in (b"a", b"b", b"c")] == ["1", "2", ""]


def pieces(*bodies: bytes) -> Sequence[dict[str, Any]]:
    last = len(bodies) - 1
    return [{"type": "http.request", "body": body, "more_body": place < last} for place, body in enumerate(bodies)]


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
        b"\xef\xbb\xbf{}",
        b'{"a": 1} x',
    ],
)
def test_a_body_that_readers_could_disagree_on_is_not_json(body: bytes) -> None:
    with pytest.raises(Problem) as refused:
        parse_json(body)
    assert refused.value.kind.code == "not-json"


@given(value=st.dictionaries(st.text(), st.text() | st.integers() | st.booleans() | st.none()))
def test_json_is_understood_as_it_was_written(value: dict[str, object]) -> None:
    assert parse_json(json.dumps(value).encode()) == value


async def test_a_body_in_pieces_is_read_whole() -> None:
    assert await read_body(request(*pieces(b"ab", b"", b"c"))) == b"abc"


async def test_a_body_over_the_cap_is_refused_by_its_word_before_it_is_read() -> None:
    with pytest.raises(Problem) as refused:
        await read_body(request(headers={"content-length": "11"}), cap=10)
    assert refused.value.kind.status == 413


async def test_a_body_over_the_cap_that_does_not_say_so_is_refused_as_it_grows() -> None:
    with pytest.raises(Problem) as refused:
        await read_body(request(*pieces(b"12345678", b"123", b"never read")), cap=10)
    assert refused.value.kind.status == 413


async def test_a_sender_that_hangs_up_midway_has_filed_nothing() -> None:
    cut: list[dict[str, Any]] = [
        {"type": "http.request", "body": b"ab", "more_body": True},
        {"type": "http.disconnect"},
    ]
    with pytest.raises(ClientDisconnect):
        await read_body(request(*cut))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "application/json; charset=iso-8859-1"},
        {"content-type": "application/json", "content-encoding": "gzip"},
        {"content-type": "application/json", "transfer-encoding": "gzip, chunked"},
    ],
)
def test_another_type_or_encoding_is_415(headers: dict[str, str]) -> None:
    with pytest.raises(Problem) as refused:
        require_json(request(headers=headers))
    assert refused.value.kind.status == 415


@pytest.mark.parametrize(
    "declared", ["application/json", "application/json; charset=utf-8", 'APPLICATION/JSON;charset="UTF-8"']
)
def test_plain_json_is_taken(declared: str) -> None:
    require_json(request(headers={"content-type": declared}))
