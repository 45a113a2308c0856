"""A birth in the register opens a request: its parent reads it without having asked, and can correct or refuse it."""

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import uuid4

from playwright.async_api import Page, expect

from deploy.demo.data import load_accounts
from deploy.demo.register import Birth, tell
from deploy.local import LocalStack
from services.common.legal_clock import day_of
from tests.browser import steps
from tests.browser.system import sign_in
from tests.support.waiting import eventually

NISS: Final = {account.key: account.niss for account in load_accounts()}


async def test_a_parent_finds_the_request_and_says_no_when_it_was_granted(page: Page, stack: LocalStack) -> None:
    await sign_in(page, "tiago")
    number = str(uuid4().int % 10**9)
    birth = Birth(number, day_of(datetime.now(UTC)) - timedelta(days=2), [NISS["tiago"]])
    # A register may tell a birth twice.
    await tell(stack.env["KAFKA_URL"], [birth, birth])
    link = page.get_by_role("link", name="Abono de família para crianças e jovens")

    async def listed() -> bool:
        await page.goto(f"/pedidos?q={number}")
        return await link.count() == 1

    await eventually(listed)
    await link.click()
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
