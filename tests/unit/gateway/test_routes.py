"""Every route has an authorisation rule, every refusal is a problem document, and the description is true."""

import json
import re
from collections.abc import AsyncIterator

import httpx2
import jsonschema
import pytest
import pytest_asyncio
from fastapi import Depends, FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from openapi_spec_validator import OpenAPIV31SpecValidator
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.app import Applications, build, public_app
from gateway.catalogue import api as catalogue_api
from gateway.dependencies import get_session
from gateway.openapi import EVENTS
from gateway.receipts.printing import PDF
from gateway.settings import Settings
from services.common.http import problem_types, signing
from services.common.http.problems import Problem
from tests.unit.gateway.builders import session

PUBLIC = {
    ("GET", "/v1/catalogue"),
    ("GET", "/v1/catalogue/subjects/{code}"),
    ("GET", "/v1/help"),
    ("GET", "/v1/receipts/keys"),
    ("POST", "/v1/receipts/verify"),
    ("GET", "/v1/help/{code}"),
    ("GET", "/v1/banners"),
    ("GET", "/v1/status"),
    ("POST", "/v1/sessions"),
}
PROBES = {("GET", "/health/live"), ("GET", "/health/ready"), ("GET", "/metrics")}
SIGNED = {
    ("POST", "/internal/recipients"),
    ("POST", "/internal/sessions"),
    ("POST", "/internal/sessions/end"),
    ("POST", "/internal/accounts"),
    ("POST", "/internal/accounts/check"),
    ("POST", "/internal/department-tokens"),
    ("POST", "/internal/department-tokens/list"),
    ("POST", "/internal/department-tokens/end"),
    ("POST", "/internal/banners/set"),
    ("POST", "/internal/banners/list"),
    ("POST", "/internal/banners/clear"),
}


def applications() -> Applications:
    """The whole gateway, without a broker or database behind it."""
    unused = "127.0.0.1:9"
    return build(
        Settings.model_validate(
            {
                "kafka_url": unused,
                "mongo_url": f"mongodb://{unused}",
                "documents_url": f"http://{unused}",
                "public_url": "https://postigo.example",
                "postigo_id_secret": "i" * 64,
                "postigo_cursor_secret": "c" * 64,
                "postigo_internal_secret": "s" * 64,
            }
        )
    )


@pytest.fixture(scope="module")
def app() -> FastAPI:
    return applications().public


def client(app: FastAPI) -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx2.AsyncClient(transport=transport, base_url="http://gateway")


@pytest_asyncio.fixture(loop_scope="session")
async def http(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    async with client(app) as http:
        yield http


def routes(app: FastAPI) -> set[tuple[str, str]]:
    contexts = [each for each in iter_route_contexts(app.routes) if isinstance(each.original_route, APIRoute)]
    return {(method, str(each.path)) for each in contexts for method in each.methods or ()}


async def test_every_route_except_the_public_ones_requires_a_session(app: FastAPI, http: httpx2.AsyncClient) -> None:
    protected = {(method, path) for method, path in routes(app) - PUBLIC if path.startswith("/v1/")}
    assert len(protected) >= 8
    for method, path in protected:
        answer = await http.request(method, re.sub(r"\{\w+\}", "x", path))
        assert answer.status_code == 401, (method, path, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_internal_routes_except_probes_require_a_signature() -> None:
    internal = applications().internal
    assert routes(internal) == SIGNED | PROBES
    async with client(internal) as http:
        json_type = {"Content-Type": "application/json"}
        for method, path in SIGNED:
            other_body = signing.sign(b"s" * 64, method, path, body=b"{}", about=json_type)
            for headers in ({}, other_body, other_body | {"Postigo-Digest": signing.STREAMED}):
                answer = await http.request(method, path, content=b'{"asked": []}', headers=json_type | headers)
                assert (answer.status_code, answer.json()["type"]) == (403, "urn:postigo:problem:signature")
        for method, path in PROBES:
            assert (await http.request(method, path)).status_code in {200, 503}


async def test_the_public_application_has_no_internal_route(app: FastAPI, http: httpx2.AsyncClient) -> None:
    assert not [path for _, path in routes(app) if path.startswith(("/internal", "/health", "/metrics"))]
    for path in ("/internal/recipients", "/health/live", "/health/ready", "/metrics"):
        assert (await http.get(path)).status_code == 404


async def test_an_app_wide_dependency_and_a_late_middleware_reach_every_route() -> None:
    reached: list[str] = []

    async def dependency() -> None:
        reached.append("dependency")

    class Late:
        def __init__(self, app: ASGIApp) -> None:
            self._app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            reached.append("middleware")
            await self._app(scope, receive, send)

    async def refuse() -> None:
        raise Problem(problem_types.NO_SESSION)

    app = public_app(applications().public.state.services, dependencies=[Depends(dependency)])
    app.add_middleware(Late)
    app.dependency_overrides[get_session] = refuse
    async with client(app) as http:
        for method, path in routes(app):
            reached.clear()
            await http.request(method, re.sub(r"\{\w+\}", "x", path))
            assert reached == ["middleware", "dependency"], (method, path)


@pytest.mark.parametrize("key", ["", "short", "x" * 15, "x" * 256, "with a space in it", "quinze-caract\xe9res"])
@pytest.mark.parametrize("path", ["/v1/requests", "/v1/documents"])
async def test_a_missing_short_long_or_not_visible_ascii_key_is_refused(app: FastAPI, path: str, key: str) -> None:
    async with client(signed_in(app)) as http:
        headers = [(b"Idempotency-Key", key.encode("latin-1"))] if key else []
        answer = await http.post(path, headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:postigo:problem:idempotency-key")


@pytest.mark.parametrize("key", ["x" * 16, "~" * 255, "!" * 16, "ac03afe1-abbc-4965-a8ab-371d57ef86d3"])
async def test_a_key_of_16_to_255_visible_characters_is_accepted(app: FastAPI, key: str) -> None:
    async with client(signed_in(app)) as http:
        answer = await http.post("/v1/requests", headers={"Idempotency-Key": key}, json={})
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:postigo:problem:invalid")


def signed_in(app: FastAPI) -> FastAPI:
    """The same application with a session for every request."""
    app = public_app(app.state.services)
    app.dependency_overrides[get_session] = lambda: session()  # noqa: PLW0108 - its parameters are no parameters of a request
    return app


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        ("GET", "/v2", 404, "unknown-address"),
        ("GET", "/v1/nothing", 404, "unknown-address"),
        ("GET", "/v1/catalogue/", 404, "unknown-address"),
        ("GET", "/v1/catalogue/subjects/XXX-01", 404, "not-found"),
        ("PATCH", "/v1/requests", 405, "method-not-allowed"),
        ("DELETE", "/v1/catalogue", 405, "method-not-allowed"),
        ("GET", "/health/anything", 404, "unknown-address"),
        ("GET", "/metricsx", 404, "unknown-address"),
    ],
)
async def test_unknown_paths_and_methods_are_answered_with_problems(
    http: httpx2.AsyncClient, method: str, path: str, status: int, kind: str
) -> None:
    answer = await http.request(method, path)
    assert answer.status_code == status
    assert answer.json()["type"] == f"urn:postigo:problem:{kind}"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("path", "allowed"), [("/v1/requests", "GET, HEAD, OPTIONS, POST"), ("/v1/sessions/current", "DELETE, OPTIONS")]
)
async def test_a_wrong_method_is_answered_with_all_allowed_methods(
    http: httpx2.AsyncClient, path: str, allowed: str
) -> None:
    assert (await http.put(path)).headers["allow"] == allowed


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/", "GET, HEAD, OPTIONS"),
        ("/docs", "GET, HEAD, OPTIONS"),
        ("/v1/openapi.json", "GET, HEAD, OPTIONS"),
        ("/v1/catalogue", "GET, HEAD, OPTIONS"),
        ("/v1/requests", "GET, HEAD, OPTIONS, POST"),
        ("/v1/requests/PO-HWE1P-7KF19-8/timeline", "GET, HEAD, OPTIONS"),
        ("/v1/documents", "OPTIONS, POST"),
        ("/v1/sessions/current", "DELETE, OPTIONS"),
    ],
)
async def test_options_lists_the_methods_of_an_address(http: httpx2.AsyncClient, path: str, allowed: str) -> None:
    answer = await http.options(path)
    assert (answer.status_code, answer.headers["allow"], answer.content) == (204, allowed, b"")
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_options_of_an_unknown_address_is_404(http: httpx2.AsyncClient) -> None:
    assert (await http.options("/v1/nothing")).status_code == 404


async def test_head_is_answered_as_get_without_the_body_at_every_address(
    app: FastAPI, http: httpx2.AsyncClient
) -> None:
    paths = [re.sub(r"\{\w+\}", "x", path) for method, path in routes(app) if method == "GET"]
    assert len(paths) >= 10
    for path in [*paths, "/v1/openapi.json", "/v1/nothing", "/v1/catalogue/subjects/fam-01"]:
        get, head = await http.get(path), await http.head(path)
        assert (head.status_code, head.content) == (get.status_code, b""), path
        same = {"content-length", "content-type", "etag", "cache-control", "location", "allow", "www-authenticate"}
        assert {name: head.headers.get(name) for name in same} == {name: get.headers.get(name) for name in same}, path


async def test_head_where_there_is_no_get_is_405(http: httpx2.AsyncClient) -> None:
    answer = await http.head("/v1/documents")
    assert (answer.status_code, answer.headers["allow"], answer.content) == (405, "OPTIONS, POST", b"")


async def test_the_internal_probes_answer_head_and_options() -> None:
    async with client(applications().internal) as http:
        for path in ("/health/live", "/health/ready", "/metrics"):
            get, head = await http.get(path), await http.head(path)
            assert (head.status_code, head.content) == (get.status_code, b"")
            assert (await http.options(path)).headers["allow"] == "GET, HEAD, OPTIONS"


CANARY = "canario-7f3a"


@pytest.mark.parametrize(
    ("body", "status", "pointers"),
    [
        (b'{"niss": "%s"' % CANARY.encode(), 400, [""]),
        (b'{"niss": "%s", "niss": 1}' % CANARY.encode(), 400, ["/niss"]),
        (b'{"%s@x.pt": 2, "%s@x.pt": 1}' % (CANARY.encode(), CANARY.encode()), 400, [""]),
        (b'{"niss": "%s", "password": "x"}' % CANARY.encode(), 422, ["/niss"]),
        (b'{"niss": "12345678911", "password": "%s"}' % CANARY.encode(), 422, ["/niss"]),
        (b'{"niss": "12345678910", "password": "\\ud800%s"}' % CANARY.encode(), 422, ["/password"]),
        (b'{"niss": "12345678910", "password": "\\u0000%s"}' % CANARY.encode(), 422, ["/password"]),
        (b'{"niss": "12345678910", "password": "x", "e-mail": "%s"}' % CANARY.encode(), 422, ["/e-mail"]),
        (b'{"niss": "12345678910", "password": "x", "%s@example.org": 1}' % CANARY.encode(), 422, [""]),
        (b"[]", 422, [""]),
        (b'{"niss": "' + CANARY.encode() * 6000 + b'"}', 413, [""]),
    ],
)
async def test_sent_values_are_never_repeated_in_a_problem(
    http: httpx2.AsyncClient, body: bytes, status: int, pointers: list[str]
) -> None:
    answer = await http.post("/v1/sessions", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == status
    assert [error["pointer"] for error in answer.json().get("errors", [])] == pointers
    assert CANARY not in answer.text


async def test_an_invalid_niss_is_refused_without_mentioning_filing(http: httpx2.AsyncClient) -> None:
    answer = await http.post("/v1/sessions", json={"niss": "12345678911", "password": "uma frase comprida"})
    assert answer.json()["detail"] == "Corrija os campos indicados e tente de novo."
    assert answer.json()["errors"][0]["code"] == "niss"


async def test_another_content_type_is_415(http: httpx2.AsyncClient) -> None:
    answer = await http.post("/v1/sessions", content=b"{}", headers={"content-type": "text/plain"})
    assert (answer.status_code, answer.json()["type"]) == (415, "urn:postigo:problem:media-type")
    assert answer.headers["accept"] == "application/json"


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("Idempotency-Key", ["0123456789abcdef", "fedcba9876543210"]),
        ("Idempotency-Key", ["0123456789abcdef", "0123456789abcdef"]),
        ("Authorization", ["Bearer one", "Bearer other"]),
        ("Content-Type", ["application/json", "text/plain"]),
    ],
)
async def test_a_repeated_decisive_header_is_refused(http: httpx2.AsyncClient, name: str, values: list[str]) -> None:
    answer = await http.post("/v1/requests", content=b"{}", headers=[(name, value) for value in values])
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:postigo:problem:header-repeated")
    assert [(error["parameter"], error["code"]) for error in answer.json()["errors"]] == [(name, "header_repeated")]
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_an_unavailable_store_is_503_with_retry_after(http: httpx2.AsyncClient) -> None:
    answer = await http.get("/v1/requests", headers={"authorization": "Bearer some-token"})
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:postigo:problem:unavailable")
    assert int(answer.headers["retry-after"]) >= 1


async def test_an_internal_error_shows_only_a_support_code(app: FastAPI) -> None:
    async def broken() -> None:
        raise RuntimeError(CANARY)

    app.add_api_route("/broken", broken, include_in_schema=False)
    async with client(app) as http:
        answer = await http.get("/broken")
    app.router.routes.pop()
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:postigo:problem:internal")
    assert len(answer.json()["support_code"]) == 10
    assert CANARY not in answer.text


async def test_the_catalogue_needs_no_session_and_has_both_languages(http: httpx2.AsyncClient) -> None:
    portuguese = await http.get("/v1/catalogue")
    english = await http.get("/v1/catalogue", headers={"accept-language": "en"})
    assert portuguese.json()["life_events"][0]["name"] == "Prestações familiares"
    assert english.json()["life_events"][0]["name"] == "Family benefits"
    assert english.headers["content-language"] == "en"
    assert portuguese.headers["etag"] != english.headers["etag"]


async def test_an_unchanged_catalogue_is_304_without_a_body(http: httpx2.AsyncClient) -> None:
    first = await http.get("/v1/catalogue/subjects/fam-01")
    assert first.json()["reasons"][0]["term"] == {"length": 10, "unit": "working_days"}
    again = await http.get("/v1/catalogue/subjects/FAM-01", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_the_description_is_valid_openapi_3_1_without_dangling_references(
    app: FastAPI, http: httpx2.AsyncClient
) -> None:
    published = (await http.get("/v1/openapi.json")).json()
    assert published["openapi"].startswith("3.1")
    defined = set(published["components"]["schemas"])
    named = set(re.findall(r'"#/components/schemas/(\w+)"', (await http.get("/v1/openapi.json")).text))
    assert named <= defined
    assert "HTTPValidationError" not in defined
    OpenAPIV31SpecValidator(published).validate()


def test_the_description_has_bodies_responses_problems_servers_and_security(app: FastAPI) -> None:
    described = app.openapi()
    assert described["servers"]
    assert described["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    for path, item in described["paths"].items():
        for method, operation in item.items():
            answers = operation["responses"]
            assert bool(operation.get("security")) == ((method.upper(), path) not in PUBLIC), (method, path)
            for status, answer in answers.items():
                success = {"events": EVENTS, "receipt.pdf": PDF}.get(path.rpartition("/")[2], "application/json")
                expected = success if status < "300" else "application/problem+json"
                assert set(answer.get("content", {expected: None})) == {expected}, (method, path, status)
    submit = described["paths"]["/v1/requests"]["post"]
    assert submit["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith("/NewRequest")
    assert submit["responses"]["201"]["content"]["application/json"]["schema"]["$ref"].endswith("/SubmissionResponse")
    upload = described["paths"]["/v1/documents"]["post"]
    assert all(each["examples"] for each in upload["requestBody"]["content"].values())


def test_the_description_is_the_same_after_a_change_of_the_routes(app: FastAPI) -> None:
    described = json.dumps(app.openapi())
    app.add_api_route("/added", lambda: None, include_in_schema=False)
    again = json.dumps(app.openapi())
    app.router.routes.pop()
    assert again == described


async def test_the_catalogue_matches_the_description(http: httpx2.AsyncClient) -> None:
    published = (await http.get("/v1/openapi.json")).json()
    schema = {"$ref": "#/components/schemas/CatalogueResponse", "components": published["components"]}
    jsonschema.validate((await http.get("/v1/catalogue")).json(), schema)


async def test_a_long_code_is_cleaned_once(monkeypatch: pytest.MonkeyPatch, http: httpx2.AsyncClient) -> None:
    """Anybody may send one of 8 KB, and cleaning it takes milliseconds."""
    cleaned: list[str] = []

    def clean(code: str) -> str:
        cleaned.append(code)
        return code

    monkeypatch.setattr(catalogue_api, "cleaned_code", clean)
    assert (await http.get("/v1/catalogue/subjects/" + "x" * 8000)).status_code == 404
    assert len(cleaned) == 1


async def test_the_api_page_lists_every_operation_and_loads_nothing_external(
    app: FastAPI, http: httpx2.AsyncClient
) -> None:
    page = await http.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    for path, item in app.openapi()["paths"].items():
        for method in item:
            assert f"<code>{method.upper()} {path}</code>" in page.text
    assert "<script" not in page.text
    assert set(re.findall(r'(?:src|href)="([^#"][^"]*)"', page.text)) == {"/docs/style.css", "/v1/openapi.json"}
    assert (await http.get("/docs/style.css")).headers["content-type"].startswith("text/css")


async def test_a_missing_key_hides_no_wrong_field(app: FastAPI) -> None:
    async with client(signed_in(app)) as http:
        answer = await http.post("/v1/requests", json={"subject": "FAM-99", "documento": []})
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:postigo:problem:idempotency-key")
    named = {error.get("parameter", error.get("pointer")): error["code"] for error in answer.json()["errors"]}
    assert named == {
        "Idempotency-Key": "required",
        "/subject": "unknown_subject",
        "/reason": "required",
        "/description": "required",
        "/documento": "unknown_field",
    }


async def test_of_several_problems_the_first_in_the_documented_order_is_answered(
    app: FastAPI, http: httpx2.AsyncClient
) -> None:
    """Decision 27. Each row corrects what the row before was refused for."""
    key, json_type = ("Idempotency-Key", "0123456789abcdef"), ("Content-Type", "application/json")
    async with client(signed_in(app)) as signed:
        for sender, headers, content, expected in (
            (http, [("Content-Type", "text/plain")] * 2, b"x" * 70_000, "header-repeated"),
            (http, [("Content-Type", "text/plain")], b"x" * 70_000, "media-type"),
            (http, [json_type], b"x" * 70_000, "too-large"),
            (http, [json_type], b"x", "not-json"),
            (http, [json_type], b"{}", "no-session"),
            (signed, [json_type], b"{}", "idempotency-key"),
            (signed, [json_type, key], b"{}", "invalid"),
            (signed, [json_type, key], b'{"text": "x"}', "reference"),
        ):
            answer = await sender.post("/v1/requests/nonsense/messages", headers=headers, content=content)
            assert answer.json()["type"] == f"urn:postigo:problem:{expected}"
