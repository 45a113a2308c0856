"""Every page for everybody: no fault that axe finds, no sideways scrolling, in every way to look at it."""

from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from tests.browser import steps
from tests.browser.system import PHONE, sign_in

AXE: Final = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
TAGS: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
HEAVIEST: Final = 150_000
"""Bytes of a page with everything it loads."""

SIDEWAYS: Final = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
"""Whether the page scrolls sideways."""

WAYS: Final[dict[str, dict[str, Any]]] = {
    "phone": {"viewport": PHONE},
    "narrow": {"viewport": {"width": 320, "height": 640}},
    "desk": {"viewport": {"width": 1280, "height": 900}},
    "enlarged": {"viewport": {"width": 640, "height": 450}, "device_scale_factor": 2},
    "dark": {"viewport": PHONE, "color_scheme": "dark"},
    "forced colours": {"viewport": PHONE, "forced_colors": "active"},
    "English": {"viewport": PHONE, "locale": "en-GB"},
}


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def addresses(browser: Browser, address: str, photos: list[Path]) -> list[str]:
    """Every page that a person reaches, with what they have filed and begun."""
    context = await browser.new_context(base_url=address, locale="pt-PT", viewport=PHONE)
    page = await context.new_page()
    await sign_in(page, "ines")
    held = await steps.file_correction(page)
    await page.goto(f"/pedidos/{held}/retirar")
    await page.get_by_role("button", name="Retirar o pedido").click()
    waiting = await steps.file_correction(page)
    reference = await steps.file_request(page, photos)
    draft = (await steps.begin(page)).removeprefix(address)
    await steps.choose(page, "FAM", "FAM-01", "NPG")
    asking = (await steps.begin(page)).removeprefix(address)
    await steps.choose(page, "DOE", "DOE-02", "CES")
    await context.close()
    request = f"/pedidos/{reference}"
    return [
        "/",
        "/entrar",
        "/estado",
        "/acessibilidade",
        "/ajuda",
        "/ajuda?q=baixa",
        "/ajuda?q=xilofone",
        "/ajuda/DOE-02",
        "/validar",
        "/nada",
        "/inicio",
        "/pedidos",
        "/pedidos?estado=rejected",
        "/pedidos?referencia=PO-1",
        "/avisos",
        "/novo",
        *(f"{draft}/{step}" for step in ("descricao", "evento", "assunto", "motivo", "ficheiros", "verificar")),
        f"{draft}/eliminar",
        f"{asking}/perguntas",
        f"/pedidos/{held}",
        f"/pedidos/{waiting}",
        f"/pedidos/{waiting}?anulada=1",
        f"/pedidos/{waiting}/documentos",
        request,
        *(f"{request}/{part}" for part in ("recibo", "prazos", "mensagem", "documentos", "retirar", "avaliar")),
    ]


@pytest.mark.parametrize("options", WAYS.values(), ids=WAYS.keys())
async def test_every_page_has_no_violation_and_does_not_scroll_sideways(
    page: Page, addresses: list[str], options: dict[str, Any]
) -> None:
    await sign_in(page, "ines")
    found = []
    for each in addresses:
        await page.goto(each)
        found += [f"{each}: {fault}" for fault in await _faults(page)]
        if await page.evaluate(SIDEWAYS):
            found.append(f"{each}: scrolls sideways")
    assert found == []


@pytest.mark.parametrize(
    "options", [{"viewport": WAYS["desk"]["viewport"]}, {"viewport": PHONE}], ids=["desk", "phone"]
)
async def test_text_twice_as_large_does_not_scroll_sideways(
    page: Page, addresses: list[str], options: dict[str, Any]
) -> None:
    await sign_in(page, "ines")
    session = await page.context.new_cdp_session(page)
    await session.send("Page.setFontSizes", {"fontSizes": {"standard": 32, "fixed": 26}})
    found = []
    for each in addresses:
        await page.goto(each)
        assert await page.evaluate("getComputedStyle(document.documentElement).fontSize") == "36px"
        if await page.evaluate(SIDEWAYS):
            found.append(each)
    assert found == []


@pytest.mark.parametrize("options", [{"viewport": PHONE, "reduced_motion": "reduce"}], ids=["reduced motion"])
async def test_nothing_moves_for_whoever_asks_for_that(
    page: Page, addresses: list[str], options: dict[str, Any]
) -> None:
    await sign_in(page, "ines")
    for each in addresses:
        await page.goto(each)
        moving = await page.evaluate(
            "[...document.querySelectorAll('*')].map((each) => getComputedStyle(each))"
            ".filter((style) => parseFloat(style.transitionDuration) > 0.01 || style.animationName !== 'none').length"
        )
        assert moving == 0, each


async def test_a_failed_form_has_no_violation(page: Page) -> None:
    await page.goto("/entrar")
    await page.click("main button.main")
    assert await _faults(page) == []


async def test_a_page_is_light_and_asks_nothing_of_anybody_else(page: Page, address: str, addresses: list[str]) -> None:
    requested: set[str] = set()
    page.on("request", lambda request: requested.add(request.url))
    await sign_in(page, "ines")
    for each in addresses:
        await page.goto(each)
        sizes = await page.evaluate(
            "performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation'))"
            ".map((each) => each.decodedBodySize)"
        )
        assert sum(sizes) <= HEAVIEST, each
    assert [each for each in requested if not each.startswith(address)] == []


async def _faults(page: Page) -> list[str]:
    await page.evaluate(AXE)
    result = await page.evaluate("(tags) => axe.run({ runOnly: tags })", TAGS)
    return [f"{each['id']}: {node['html'][:160]}" for each in result["violations"] for node in each["nodes"]]
