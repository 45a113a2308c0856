"""A query parameter that the address does not have, or that is given twice, is refused like an unknown field of a body."""

import re
from collections.abc import AsyncIterator

import httpx2
import pytest
import pytest_asyncio

from services.common.http.methods import allowed_methods
from tests.unit.gateway.test_routes import applications, client, routes, signed_in

APP = signed_in(applications().public)
V1 = sorted((method, path) for method, path in routes(APP) if path.startswith("/v1/"))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    async with client(APP) as http:
        yield http


def named(answer: httpx2.Response) -> dict[str, str]:
    return {error.get("parameter", error.get("pointer")): error["code"] for error in answer.json()["errors"]}


# Streams are refused first while no facts are read, as in this test; departments need a credential first.
@pytest.mark.parametrize(
    ("method", "path"), [each for each in V1 if "departments" not in each[1] and not each[1].endswith("/events")]
)
async def test_every_address_refuses_an_unknown_parameter(http: httpx2.AsyncClient, method: str, path: str) -> None:
    headers = {"Idempotency-Key": "0123456789abcdef", "Authorization": "Bearer x"}
    answer = await http.request(method, re.sub(r"\{\w+\}", "x", path) + "?limite=1", headers=headers)
    assert answer.status_code == 422
    assert named(answer)["limite"] in {"unknown_field", "no_fields"}


async def test_a_refused_parameter_is_named_with_the_accepted_ones(http: httpx2.AsyncClient) -> None:
    answer = await http.get("/v1/requests?estado=answered")
    (error,) = answer.json()["errors"]
    assert (error["parameter"], error["code"]) == ("estado", "unknown_field")
    assert error["accepted"] == [
        "limit",
        "cursor",
        "state",
        "from",
        "to",
        "reference",
        "subject",
        "department",
        "q",
        "unread",
    ]


@pytest.mark.parametrize("values", ["limit=1&limit=1", "limit=1&limit=2", "limit=&limit=5"])
async def test_a_parameter_that_is_given_twice_is_refused(http: httpx2.AsyncClient, values: str) -> None:
    answer = await http.get(f"/v1/requests?{values}")
    assert (answer.status_code, named(answer)["limit"]) == (422, "repeated")


async def test_a_refused_parameter_hides_no_other_error(http: httpx2.AsyncClient) -> None:
    answer = await http.post("/v1/requests?x=1", json={"subject": "FAM-99", "reason": "INF", "description": "Bom dia"})
    assert named(answer) == {"x": "no_fields", "Idempotency-Key": "required", "/subject": "unknown_subject"}


async def test_no_session_is_said_first() -> None:
    async with client(applications().public) as http:
        assert (await http.get("/v1/requests?x=1")).status_code == 401


@pytest.mark.parametrize("name", ["12345678910", "ana@example.org", "", "x" * 65])
async def test_a_name_that_may_be_personal_is_not_repeated(http: httpx2.AsyncClient, name: str) -> None:
    answer = await http.get("/v1/requests", params={name: "1"})
    assert named(answer) == {"": "unknown_field"}


@pytest.mark.parametrize("path", ["/entrar", "/docs"])
async def test_a_page_ignores_what_other_programs_add_to_its_link(http: httpx2.AsyncClient, path: str) -> None:
    assert (await http.get(f"{path}?utm_source=mail&fbclid=1")).status_code == 200


def test_options_of_the_server_lists_only_methods_that_an_address_has() -> None:
    used = {method for method, _ in routes(APP)} | {"HEAD", "OPTIONS"}
    assert allowed_methods({"app": APP, "path": "*"}) == ", ".join(sorted(used))
    assert "PATCH" not in used
