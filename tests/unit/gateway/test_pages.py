"""The page that links in mails lead to: readable by a person, the same for every reference, without a secret."""

import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from urllib.parse import quote
from uuid import UUID

import httpx2
import pytest
import pytest_asyncio
from gateway.pages.api import PATHS
from hypothesis import HealthCheck, given, settings, strategies as st

from services.common.domain.identifiers import reference_of
from services.common.http.languages import LANGUAGES
from services.notifications import mail_templates
from services.notifications.domain import Addressee
from tests.unit.gateway.test_routes import applications, client
from tests.unit.notifications.builders import delivery

REFERENCE = reference_of(UUID(int=7))
WORDS = {"pt": "Como ler o pedido hoje", "en": "How to read the request today"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    async with client(applications().public) as http:
        yield http


class Page(HTMLParser):
    """What a page is made of; every opened element must be closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in {"meta", "link", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def attributes(self, wanted: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag == wanted]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_link_of_a_mail_leads_to_a_page_in_the_language_of_the_mail(
    http: httpx2.AsyncClient, language: str
) -> None:
    sent = mail_templates.render(
        delivery(language=language), Addressee("Ana", "ana@example.org", language), "http://gateway"
    )
    (link,) = re.findall(r"http://gateway/\S+", sent.text)
    answer = await http.get(link)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-language"] == language
    assert WORDS[language] in answer.text


@pytest.mark.parametrize(
    ("path", "accepted", "language"),
    [
        ("/pedidos", None, "pt"),
        ("/requests", None, "en"),
        ("/pedidos", "en-GB,en;q=0.9", "en"),
        ("/requests", "pt-PT,pt;q=0.9,en;q=0.5", "pt"),
        ("/requests", "fr", "en"),
        ("/pedidos", "de, *;q=0.1", "pt"),
    ],
)
async def test_the_language_of_the_browser_counts_more_than_that_of_the_link(
    http: httpx2.AsyncClient, path: str, accepted: str | None, language: str
) -> None:
    headers = {"Accept-Language": accepted} if accepted else {"Accept-Language": ""}
    answer = await http.get(f"{path}/{REFERENCE}", headers=headers)
    assert WORDS[language] in answer.text
    assert answer.headers["vary"] == "Accept-Language"
    assert f'<html lang="{language}">' in answer.text


async def test_the_link_to_the_other_language_works_in_any_browser(http: httpx2.AsyncClient) -> None:
    for path in PATHS.values():
        first = await http.get(f"{path}/{REFERENCE}", headers={"Accept-Language": "pt"})
        (other,) = [each for each in Page(first.text).attributes("a") if "?lang=" in str(each["href"])]
        second = await http.get(str(other["href"]), headers={"Accept-Language": "pt"})
        assert second.headers["content-language"] == "en"


async def test_the_page_is_the_same_for_every_reference_so_it_confirms_none(http: httpx2.AsyncClient) -> None:
    pages = set()
    for number in (7, 8, 2**100, 2**127):
        reference = reference_of(UUID(int=number))
        answer = await http.get(f"/pedidos/{reference}")
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
        pages.add(answer.text.replace(reference, "…"))
    assert len(pages) == 1


@pytest.mark.parametrize(
    "typed",
    [
        REFERENCE.lower(),
        REFERENCE.replace("-", ""),
        REFERENCE[3:],
        f" {REFERENCE}",
        f"{REFERENCE}.",
        f"{REFERENCE})",
        f"{REFERENCE}/",
        f"{REFERENCE}%3E,",
        f"_{REFERENCE.replace('-', '_')}_",
        f"«{REFERENCE}»",
    ],
)
async def test_a_reference_is_understood_as_people_type_it(http: httpx2.AsyncClient, typed: str) -> None:
    answer = await http.get(f"/pedidos/{typed}")
    assert (answer.status_code, REFERENCE in answer.text) == (200, True)


@pytest.mark.parametrize(
    "typed", ["PO-", "PO-7K3QX-9M2TA", "PO-7K3QX-9M2TA-5", "qualquer", "%00", "%3Cscript%3E", "🐟"]
)
async def test_what_is_no_reference_is_told_so_in_words(http: httpx2.AsyncClient, typed: str) -> None:
    answer = await http.get(f"/pedidos/{typed}")
    assert answer.status_code == 404
    assert "A ligação não está completa" in answer.text
    assert "<script" not in answer.text


@given(typed=st.text(min_size=1, max_size=60))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_nothing_typed_adds_an_element(http: httpx2.AsyncClient, typed: str) -> None:
    plain = Page((await http.get("/pedidos/PO-1")).text)
    answer = await http.get("/pedidos/" + quote(typed.encode("utf-8", "surrogatepass"), safe=""))
    if answer.headers["content-type"].startswith("text/html") and answer.status_code == 404:
        assert [tag for tag, _ in Page(answer.text).elements] == [tag for tag, _ in plain.elements]


async def test_the_page_loads_only_its_style_and_runs_no_script(http: httpx2.AsyncClient) -> None:
    answer = await http.get(f"/requests/{REFERENCE}")
    page = Page(answer.text)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert not page.attributes("script")
    assert not [attributes for _, attributes in page.elements if "style" in attributes or "onclick" in attributes]
    (style,) = [str(each["href"]) for each in page.attributes("link")]
    sheet = await http.get(style)
    assert sheet.headers["content-type"].startswith("text/css")
    assert "prefers-color-scheme: dark" in sheet.text
    assert "url(" not in sheet.text


async def test_the_page_has_what_a_screen_reader_needs(http: httpx2.AsyncClient) -> None:
    page = Page((await http.get(f"/pedidos/{REFERENCE}")).text)
    tags = [tag for tag, _ in page.elements]
    assert [tags.count(each) for each in ("h1", "main", "header", "footer", "title")] == [1] * 5
    (skip, *_) = page.attributes("a")
    assert skip["href"] == "#main"
    assert page.attributes("main")[0]["id"] == "main"
    headings = [tag for tag in tags if tag in {"h1", "h2", "h3"}]
    assert headings == ["h1", "h2", "h2", "h2"]
