"""The frame of the pages: who reaches which, where links lead, which forms are accepted, and what the pages are made of."""

import re
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx2
import pytest
import pytest_asyncio
from hypothesis import given, strategies as st

from gateway.portal import messages
from gateway.portal.addresses import own_path
from gateway.portal.static_files import files_by_path, static_path
from gateway.portal.translations import PORTUGUESE
from services.common.domain.identifiers import reference_of
from services.common.http.languages import LANGUAGES
from services.notifications import mail_templates
from services.notifications.domain import Addressee
from tests.unit.gateway.html_page import Page
from tests.unit.gateway.test_routes import applications, client, routes
from tests.unit.notifications.builders import delivery

REFERENCE = reference_of(UUID(int=7))
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
FOR_EVERYBODY = {"/", "/entrar", "/acessibilidade", "/estado", "/ajuda", "/validar"}
APP = applications().public
PAGES = sorted(
    path
    for method, path in routes(APP)
    if method == "GET" and not path.startswith(("/v1", "/docs", "/static", "/requests/", "/ajuda/"))
)
FORMS = sorted(path for method, path in routes(APP) if method == "POST" and not path.startswith("/v1"))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    async with client(APP) as http:
        http.headers.update(BROWSER)
        yield http


def filled(path: str) -> str:
    return re.sub(r"\{\w+\}", REFERENCE, path)


@pytest.mark.parametrize("path", sorted(FOR_EVERYBODY))
@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_page_for_everybody_is_sound_html_in_the_language_of_the_browser(
    http: httpx2.AsyncClient, path: str, language: str
) -> None:
    answer = await http.get(path, headers={"Accept-Language": language})
    page = Page(answer.text)
    assert answer.status_code == 200
    assert (page.attributes("html")[0]["lang"] or "")[:2] == language == answer.headers["content-language"]
    assert len(page.attributes("h1")) == len(page.attributes("main")) == 1
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", [each for each in PAGES if each not in FOR_EVERYBODY])
async def test_every_other_page_leads_to_the_sign_in_and_back(http: httpx2.AsyncClient, path: str) -> None:
    answer = await http.get(filled(path))
    target = urlsplit(answer.headers["location"])
    assert (answer.status_code, target.path) == (303, "/entrar")
    assert parse_qs(target.query)["seguinte"] == [filled(path)]


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://example.com"},
        {"Origin": "null"},
        {"Origin": "http://gateway", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://gateway", "Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
    ],
    ids=str,
)
async def test_no_form_is_accepted_from_another_site(
    http: httpx2.AsyncClient, path: str, headers: dict[str, str]
) -> None:
    answer = await http.post(filled(path), headers=headers, data={"x": "1"})
    assert answer.status_code == 403
    assert Page(answer.text).attributes("h1")


@pytest.mark.parametrize("path", [each for each in FORMS if each not in {"/entrar", "/idioma", "/validar"}])
async def test_a_form_without_a_session_keeps_what_was_typed_in_the_sign_in_page(
    http: httpx2.AsyncClient, path: str
) -> None:
    answer = await http.post(filled(path), headers={"Origin": "http://gateway"}, data={"texto": "Falta um papel."})
    kept = [each for each in Page(answer.text).attributes("input") if each.get("name") == "guardado"]
    assert answer.status_code == 401
    assert len(kept) == 1
    assert "Falta um papel." not in answer.text


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_link_of_a_mail_leads_to_the_request_in_the_language_of_the_mail(
    http: httpx2.AsyncClient, language: str
) -> None:
    addressee = Addressee("Ana", "ana@example.org", language)
    notice = delivery(language=language)
    sent = mail_templates.render(notice, addressee, "http://gateway")
    (link,) = set(re.findall(r"http://gateway(/\S+)", sent.text))
    answer = await http.get(link)
    if answer.status_code == 307:
        answer = await http.get(answer.headers["location"])
    target = parse_qs(urlsplit(answer.headers["location"]).query)["seguinte"][0]
    assert urlsplit(target).path == f"/pedidos/{notice.reference}"
    assert urlsplit(target).query == ("idioma=en" if language == "en" else "")


@pytest.mark.parametrize("path", ["/nada", "/pedidos", "/static/portal.000000000000.css"])
async def test_an_address_without_a_page_is_a_page_for_browsers_and_a_document_for_programs(
    http: httpx2.AsyncClient, path: str
) -> None:
    path = f"{path}/nada/nada"
    page = await http.get(path)
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert re.search(r"\b[0-9A-HJKMNP-TV-Z]{10}\b", page.text)
    document = await http.get(path, headers={"Accept": "*/*"})
    assert document.headers["content-type"] == "application/problem+json"


async def test_static_files_are_kept_for_a_year_and_named_by_their_content(http: httpx2.AsyncClient) -> None:
    for path, file in files_by_path().items():
        answer = await http.get(path)
        assert answer.content == file.content
        assert "immutable" in answer.headers["cache-control"]
    font = re.search(r'url\("([^"]+)"\)', files_by_path()[static_path("portal.css")].content.decode())
    assert font is not None
    assert font[1] in files_by_path()


async def test_a_page_asks_nothing_of_another_site_and_has_nothing_inline(http: httpx2.AsyncClient) -> None:
    answer = await http.get("/entrar")
    policy = answer.headers["content-security-policy"]
    assert "'unsafe" not in policy
    assert "data:" not in policy
    for tag, attributes in Page(answer.text).elements:
        assert tag != "style"
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]
        for name in ("src", "href", "action"):
            assert (attributes.get(name) or "/").startswith(("/", "#"))
        assert tag != "script" or attributes["src"]


@pytest.mark.parametrize(
    "typed", ["//example.com", "/\\example.com", "https://example.com", "", "x", "/\n/example.com", "javascript:1"]
)
def test_a_link_never_leads_to_another_site(typed: str) -> None:
    assert own_path(typed) == "/"


@given(st.text())
def test_an_own_address_is_kept_or_replaced_by_the_first_page(typed: str) -> None:
    assert own_path(typed) in {typed, "/"}
    assert own_path(f"/pedidos/{REFERENCE}?x=1") == f"/pedidos/{REFERENCE}?x=1"


def test_every_sentence_of_the_pages_is_translated() -> None:
    words = messages.current()
    assert messages.written(words) == PORTUGUESE.read_bytes()
    assert list(messages.faults(words)) == []
