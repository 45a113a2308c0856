"""Nothing typed is lost: not by a broker that is away, a closed tab, a lost network, or another device."""

import asyncio

from playwright.async_api import Browser, BrowserContext, Page, Route, expect

from deploy.local import LocalStack
from tests.browser import steps
from tests.browser.system import sign_in
from tests.support.freezing import frozen


async def test_a_request_that_is_not_confirmed_is_sent_again_and_filed_once(page: Page, stack: LocalStack) -> None:
    await sign_in(page, "ines")
    await page.goto("/pedidos")
    before = await page.locator("main .card").count()
    await steps.begin(page)
    await steps.choose(page, "FAM", "FAM-01", "INF")
    await steps.go_on(page)
    with frozen(stack, "kafka"):
        await page.get_by_role("button", name="Enviar pedido").click()
        await expect(page.locator("main")).to_contain_text("não confirmado", ignore_case=True, timeout=30_000)
        await expect(page.locator("main")).to_contain_text(steps.DESCRIPTION)
    await page.get_by_role("button", name="Enviar outra vez").click()
    await page.wait_for_url("**/recibo*")
    reference = await steps.reference(page)
    await page.goto(f"/pedidos/{reference}")
    await expect(page.locator("#estado")).to_contain_text("Concluído", timeout=steps.DEPARTMENT_MS)
    await page.goto("/pedidos")
    assert await page.locator("main .card").count() == before + 1


async def test_a_message_that_is_not_confirmed_is_sent_again_and_stored_once(page: Page, stack: LocalStack) -> None:
    await sign_in(page, "rita")
    reference = await steps.file_correction(page)
    with frozen(stack, "kafka"):
        await page.fill("#texto", "Só uma vez.")
        await page.get_by_role("button", name="Enviar mensagem").click()
        await expect(page.locator("#erros")).to_contain_text("Ainda não confirmado", timeout=30_000)
        await expect(page.locator("#texto")).to_have_value("Só uma vez.")
    await page.get_by_role("button", name="Enviar mensagem").click()
    await page.wait_for_url(f"**/pedidos/{reference}?depois=*")
    conversation = page.locator("[data-live=conversa]")
    await expect(conversation).to_contain_text("Só uma vez.")
    await page.reload()
    assert (await conversation.inner_text()).count("Só uma vez.") == 1
    await expect(page.locator("#texto")).to_have_value("")


async def test_what_was_saved_while_typing_is_there_after_the_tab_was_closed(
    context: BrowserContext, page: Page
) -> None:
    await sign_in(page, "tiago")
    draft = await steps.begin_and_return(page)
    await page.fill("#descricao", "Escrito e guardado sem carregar em nada.")
    await expect(page.locator("#guardado")).to_contain_text("Guardado às")
    await page.evaluate("localStorage.clear()")
    await page.close()
    again = await context.new_page()
    await again.goto(f"{draft}/descricao")
    await expect(again.locator("#descricao")).to_have_value("Escrito e guardado sem carregar em nada.")


async def test_continue_waits_for_a_text_that_is_being_saved(page: Page) -> None:
    await sign_in(page, "tiago")
    draft = await steps.begin_and_return(page)
    is_saving, may_save = asyncio.Event(), asyncio.Event()

    async def slow(route: Route) -> None:
        is_saving.set()
        await may_save.wait()
        await route.continue_()

    await page.route("**/guardar", slow)
    await page.fill("#descricao", "Escrito depressa.")
    await is_saving.wait()
    await steps.go_on(page)
    may_save.set()
    await page.wait_for_url("**/evento")
    await page.goto(f"{draft}/descricao")
    await expect(page.locator("#descricao")).to_have_value("Escrito depressa.")


async def test_what_was_typed_without_network_is_there_after_the_tab_was_closed(
    context: BrowserContext, page: Page
) -> None:
    await sign_in(page, "tiago")
    draft = await steps.begin_and_return(page)
    await context.set_offline(True)
    await page.fill("#descricao", "Escrito no comboio, sem rede.")
    await expect(page.locator("[data-offline]")).to_be_visible()
    await steps.go_on(page)
    await expect(page.locator("#descricao")).to_have_value("Escrito no comboio, sem rede.")
    await page.close()
    await context.set_offline(False)
    again = await context.new_page()
    await again.goto(f"{draft}/descricao")
    await expect(again.locator("#descricao")).to_have_value("Escrito no comboio, sem rede.")


async def test_of_two_devices_neither_loses_its_text(browser: Browser, address: str, page: Page) -> None:
    await sign_in(page, "tiago")
    draft = await steps.begin_and_return(page)
    await page.context.set_offline(True)
    await page.fill("#descricao", "Do telemóvel.")
    await page.goto("about:blank")
    async with await browser.new_context(base_url=address, locale="pt-PT") as desk:
        computer = await desk.new_page()
        await sign_in(computer, "tiago")
        await computer.goto(f"{draft}/descricao")
        await computer.fill("#descricao", "Do computador.")
        await steps.go_on(computer)
        await computer.wait_for_url("**/evento")
    await page.context.set_offline(False)
    await page.goto(f"{draft}/descricao")
    await expect(page.locator("#descricao")).to_have_value("Do computador.")
    await page.get_by_role("button", name="Usar o que escreveu neste aparelho").click()
    await expect(page.locator("#descricao")).to_have_value("Do telemóvel.")


async def test_a_new_request_does_not_begin_with_the_text_of_the_last_one(page: Page) -> None:
    await sign_in(page, "ines")
    await steps.begin(page, "O primeiro pedido.")
    await page.goto("/novo")
    await expect(page.locator("#descricao")).to_have_value("")
