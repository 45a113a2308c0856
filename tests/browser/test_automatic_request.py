"""A birth in the register opens a request: its parent reads it without having asked, and can correct or refuse it."""

from playwright.async_api import Page, expect

from deploy.local import LocalStack
from tests.browser import steps
from tests.browser.system import sign_in


async def test_a_parent_finds_the_request_and_says_no_when_it_was_granted(page: Page, stack: LocalStack) -> None:
    await sign_in(page, "tiago")
    reference = await steps.wait_for_automatic_request(page, stack, "tiago")
    await page.goto(f"/pedidos/{reference}")
    await expect(page.locator("#automatico")).to_contain_text("Abrimos este pedido por si")
    await expect(page.locator("#conversa + div")).to_contain_text("O registo civil")
    await expect(page.locator("#estado")).to_contain_text("Concluído", timeout=steps.DEPARTMENT_MS)
    await page.reload()
    await expect(page.locator("#automatico")).to_contain_text("Para o corrigir ou recusar, escreva uma mensagem até")
    await page.fill("#texto", "Não quero o abono.")
    await page.get_by_role("button", name="Enviar mensagem").click()
    await expect(page.locator("main")).to_contain_text("Não quero o abono.")
    await expect(page.locator("#historico + details")).to_contain_text(
        "O pedido está em análise de novo", timeout=steps.DEPARTMENT_MS
    )
