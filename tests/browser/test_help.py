"""Help before asking: found by a word, read, and ended in a request about its subject."""

import re

from playwright.async_api import Page, expect

from tests.browser import steps
from tests.browser.system import PASSWORDS, sign_in


async def test_help_is_found_read_and_ends_in_a_request_that_carries_its_subject(page: Page) -> None:
    await page.goto("/")
    await page.get_by_role("link", name="Ajuda por assunto").click()
    await page.get_by_label("De que se trata?").fill("abono pre-natal")
    await page.keyboard.press("Enter")
    await page.get_by_role("link", name="Abono de família pré-natal").first.click()
    await expect(page.locator("h1")).to_have_text("Abono de família pré-natal")
    await expect(page.locator("main")).to_contain_text("10 dias úteis")
    await page.get_by_role("link", name="Fazer pedido").click()

    # Nobody is signed in yet: the subject outlives the sign-in.
    await page.fill("#niss", PASSWORDS["ines"].niss)
    await page.fill("#palavra-passe", PASSWORDS["ines"].password)
    await page.click("main button.main")
    await page.wait_for_url("**/novo?assunto=FAM-02")
    await expect(page.locator("form#passo")).to_contain_text("Sobre: Abono de família pré-natal")
    await page.fill("#descricao", steps.DESCRIPTION)
    await steps.go_on(page)
    await page.wait_for_url("**/motivo")
    await expect(page.get_by_role("link", name="Ajuda sobre este assunto")).to_have_attribute("href", "/ajuda/FAM-02")


async def test_a_company_reads_help_for_people_and_is_told_who_may_file(page: Page) -> None:
    await sign_in(page, "padaria")
    await page.goto("/ajuda/FAM-01")
    await expect(page.locator("main")).to_contain_text("Só as pessoas podem fazer um pedido sobre isto.")
    await expect(page.get_by_role("link", name=re.compile("Fazer pedido"))).to_have_count(0)
    await page.goto("/novo?assunto=FAM-01")
    await expect(page.locator("form#passo")).not_to_contain_text("Sobre:")
