"""A reason with questions: asked in a step of their own, checked, shown before sending and with the request."""

from datetime import UTC, datetime, timedelta

from playwright.async_api import Page, expect

from services.common.legal_clock import day_of
from services.common.text.dates import IN_WORDS
from tests.browser import steps
from tests.browser.system import sign_in


async def test_questions_are_answered_checked_and_shown_with_the_request(page: Page) -> None:
    await sign_in(page, "ines")
    await steps.begin(page, "Já posso voltar ao trabalho.")
    await steps.choose(page, "DOE", "DOE-02", "CES")
    await expect(page.locator("h1")).to_have_text("Algumas perguntas")
    await steps.go_on(page)
    await expect(page.locator("#erros")).to_contain_text("Falta a resposta a «")
    day = day_of(datetime.now(UTC)) + timedelta(days=1)
    await page.get_by_label("Em que dia volta ao trabalho?").fill(day.isoformat())
    await steps.go_on(page)
    await page.wait_for_url("**/ficheiros")
    await steps.go_on(page)
    await expect(page.locator("#perguntas")).to_contain_text(IN_WORDS["pt"](day))
    await steps.send(page)
    await page.goto(f"/pedidos/{await steps.reference(page)}")
    await expect(page.locator("main")).to_contain_text("Em que dia volta ao trabalho?")
    await expect(page.locator("main")).to_contain_text(IN_WORDS["pt"](day))
