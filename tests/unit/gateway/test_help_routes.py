"""Help as pages and through the API, without a session and without a store."""

from collections.abc import AsyncIterator

import httpx2
import pytest
import pytest_asyncio

from services.common.catalogue import catalogue
from services.common.http.languages import LANGUAGES
from tests.unit.gateway.html_page import Page
from tests.unit.gateway.test_portal import APP
from tests.unit.gateway.test_routes import client

CODES = sorted(catalogue().subjects)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    async with client(APP) as http:
        yield http


def links(page: httpx2.Response) -> list[str]:
    return [each["href"] or "" for each in Page(page.text).attributes("a")]


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_help_of_every_subject_ends_in_a_request_that_carries_it(
    http: httpx2.AsyncClient, code: str, language: str
) -> None:
    page = await http.get(f"/ajuda/{code}?idioma={language}", headers={"Accept": "text/html"})
    assert page.status_code == 200
    subject = catalogue().subjects[code]
    assert subject.name("en" if language == "en" else "pt") in page.text.replace("&#39;", "'")
    assert f"/novo?assunto={code}" in links(page)
    for reason in subject.reasons:
        assert catalogue().reasons[reason].name("en" if language == "en" else "pt") in page.text


async def test_all_subjects_are_listed_by_life_event(http: httpx2.AsyncClient) -> None:
    found = links(await http.get("/ajuda", headers={"Accept": "text/html"}))
    assert [each for each in found if each.startswith("/ajuda/")] == [f"/ajuda/{code}" for code in catalogue().subjects]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("baixa", "encontrados"),
        ("xilofone", "Tente outra palavra"),
        ("x", "Escreva uma palavra"),
        ("baixa xilofone", "Estes têm algumas"),
        ("?" * 4_000, "Escreva uma palavra"),
        ('"baixa" OR 1=1', "encontrado"),
    ],
)
async def test_a_search_says_what_it_found(http: httpx2.AsyncClient, typed: str, sentence: str) -> None:
    page = await http.get("/ajuda", params={"q": typed}, headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert sentence in page.text


async def test_what_was_typed_is_shown_as_text(http: httpx2.AsyncClient) -> None:
    page = await http.get("/ajuda", params={"q": '"><script>baixa'}, headers={"Accept": "text/html"})
    assert "<script>baixa" not in page.text
    assert Page(page.text).attributes("input")


async def test_a_code_as_people_write_it_leads_to_its_page_and_an_unknown_one_to_none(http: httpx2.AsyncClient) -> None:
    headers = {"Accept": "text/html"}
    assert (await http.get("/ajuda/fam-01", headers=headers)).headers["location"] == "/ajuda/FAM-01"
    assert (await http.get("/ajuda/FAM-99", headers=headers)).status_code == 404
    assert (await http.get("/ajuda/" + "x" * 4_000, headers=headers)).status_code == 404


async def test_help_through_the_api_in_the_language_of_the_request(http: httpx2.AsyncClient) -> None:
    found = (await http.get("/v1/help", params={"q": "sick leave"}, headers={"Accept-Language": "en"})).json()
    assert found["all_words"]
    first = found["results"][0]
    page = (await http.get(f"/v1/help/{first['code'].lower()}", headers={"Accept-Language": "en"})).json()
    assert page["name"] == first["name"] == catalogue().subjects[first["code"]].en
    assert "## Who it is for" in page["markdown"]


async def test_without_words_the_api_lists_all_subjects_in_order(http: httpx2.AsyncClient) -> None:
    for query in ({}, {"q": "x"}):
        found = (await http.get("/v1/help", params=query)).json()
        assert [each["code"] for each in found["results"]] == list(catalogue().subjects)
    nothing = (await http.get("/v1/help", params={"q": "xilofone"})).json()
    assert nothing == {"all_words": False, "results": []}


async def test_unchanged_help_is_304_and_an_unknown_subject_404(http: httpx2.AsyncClient) -> None:
    first = await http.get("/v1/help/FAM-01")
    again = await http.get("/v1/help/FAM-01", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert (await http.get("/v1/help/FAM-99")).status_code == 404
    assert (await http.get("/v1/help", params={"query": "x"})).status_code == 422
