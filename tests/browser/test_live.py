"""News arrive on open pages, and never disturb whoever reads or writes there."""

import asyncio
from typing import Final

from playwright.async_api import BrowserContext, Page, Request, Route, expect

from deploy.local import LocalStack
from tests.browser import steps
from tests.browser.system import sign_in

TABS: Final = 10
NEW_MESSAGE: Final = "[data-news-for=conversa]"
WHERE: Final = """() => {
  const area = document.activeElement;
  return [area.id, area.value, area.selectionStart, Math.round(area.getBoundingClientRect().top)];
}"""
"""The field with the focus, its text, its caret, and where on the screen it is."""


async def test_news_do_not_disturb_whoever_is_writing(context: BrowserContext, page: Page) -> None:
    await sign_in(page, "ines")
    reference = await steps.file_correction(page)
    await page.fill("#texto", "Ainda não acabei esta frase")
    await page.evaluate("document.querySelector('#texto').setSelectionRange(6, 6)")
    before = await page.evaluate(WHERE)
    await steps.write_elsewhere(context, reference, "Escrito no computador.")
    await expect(page.locator(NEW_MESSAGE)).to_have_text("1 mensagem nova: mostrar")
    await expect(page.locator("[data-announcer]")).not_to_be_empty()
    assert await page.evaluate(WHERE) == before
    await expect(page.locator("[data-live=conversa]")).not_to_contain_text("Escrito no computador.")
    await page.click(NEW_MESSAGE)
    await expect(page.locator("[data-live=conversa]")).to_contain_text("Escrito no computador.")
    await expect(page.locator("#texto")).to_have_value("Ainda não acabei esta frase")


async def test_ten_tabs_load_share_one_stream_and_all_show_the_news(context: BrowserContext, page: Page) -> None:
    streams: list[str] = []

    def count(request: Request) -> None:
        if "/v1/events" in request.url:
            streams.append(request.url)

    await sign_in(page, "tiago")
    reference = await steps.file_correction(page)
    await page.goto("/acessibilidade")
    context.on("request", count)
    tabs = [await context.new_page() for _ in range(TABS)]
    for tab in tabs:
        await tab.goto(f"/pedidos/{reference}")
    assert len(streams) == 1
    await steps.write_elsewhere(context, reference, "Para todas as janelas.")
    for tab in tabs:
        await expect(tab.locator(NEW_MESSAGE)).to_be_visible()
    assert len(streams) == 1


async def test_a_list_offers_the_news_instead_of_moving(context: BrowserContext, page: Page) -> None:
    await sign_in(page, "rita")
    reference = await steps.file_correction(page)
    await page.goto("/inicio")
    cards = await page.locator(".cards").all_inner_texts()
    await steps.write_elsewhere(context, reference, "Uma novidade.")
    await expect(page.locator("[data-news]")).to_contain_text("1 pedido com novidades")
    assert await page.locator(".cards").all_inner_texts() == cards


async def test_a_page_says_that_it_is_not_connected_and_connects_again(page: Page, stack: LocalStack) -> None:
    await sign_in(page)
    reference = await steps.file_request(page)
    await page.goto(f"/pedidos/{reference}")
    await expect(page.locator("#estado")).to_contain_text("Concluído", timeout=steps.DEPARTMENT_MS)
    await stack.stop("gateway")
    await expect(page.locator("[data-disconnected]")).to_be_visible()
    await stack.restart("gateway")
    await expect(page.locator("[data-disconnected]")).to_be_hidden(timeout=60_000)


async def test_an_answer_that_was_asked_for_earlier_never_replaces_a_newer_one(page: Page) -> None:
    await sign_in(page, "ines")
    reference = await steps.file_correction(page)
    is_held, may_go = asyncio.Event(), asyncio.Event()

    async def hold_the_first(route: Route) -> None:
        if "seq=" in route.request.url:
            await route.continue_()
        else:
            answer = await route.fetch()
            is_held.set()
            await may_go.wait()
            await route.fulfill(response=answer)

    await page.route("**/atual*", hold_the_first)
    await page.goto(f"/pedidos/{reference}")
    await is_held.wait()
    await steps.write_elsewhere(page.context, reference, "Uma novidade.")
    history = page.locator("[data-live=historico]")
    await expect(history).to_contain_text("A sua mensagem")
    async with page.expect_response(lambda answer: answer.url.endswith("/atual")):
        may_go.set()
    await page.evaluate("new Promise(requestAnimationFrame)")
    await expect(history).to_contain_text("A sua mensagem")


async def test_a_page_asks_again_until_it_has_the_fact_that_it_was_told_of(page: Page) -> None:
    await sign_in(page, "ines")
    reference = await steps.file_correction(page)
    await page.goto(f"/pedidos/{reference}")
    early = await (await page.request.get(f"/pedidos/{reference}/atual", headers={"HX-Request": "true"})).text()
    asked: list[str] = []

    async def answer_too_early_once(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) == 1:
            await route.fulfill(body=early, content_type="text/html; charset=utf-8")
        else:
            await route.continue_()

    await page.route("**/atual?seq=*", answer_too_early_once)
    await steps.write_elsewhere(page.context, reference, "Mais uma novidade.")
    await expect(page.locator("[data-live=historico]")).to_contain_text("A sua mensagem")
    assert len(asked) >= 2
