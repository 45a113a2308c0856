"""What is special takes its own path: a complaint about a request, a question about an ongoing one, a report, praise, the end
of a sick leave.
"""

from datetime import UTC, datetime, timedelta

from playwright.async_api import Page, expect

from services.common.legal_clock import day_of
from services.common.text.dates import IN_WORDS
from tests.browser import steps
from tests.browser.system import sign_in


async def test_a_complaint_begins_at_the_request_and_is_linked_to_it(page: Page) -> None:
    await sign_in(page, "ines")
    reference = await steps.file_request(page)
    await page.goto(f"/pedidos/{reference}")
    await page.get_by_role("link", name="Reclamar de um atraso").click()
    await expect(page.locator("form#passo")).to_contain_text("Sobre: Atraso ou falta de resposta")
    await page.fill("#descricao", "Ninguém me respondeu.")
    await steps.go_on(page)
    await page.wait_for_url("**/motivo")
    await steps.choose(page, "RCL")
    await page.wait_for_url("**/ficheiros")
    await steps.go_on(page)
    await expect(page.locator("main")).to_contain_text(reference)
    await expect(page.locator("main")).to_contain_text("Reclamações e Sugestões")
    await steps.send(page)


async def test_a_question_about_an_ongoing_request_goes_where_that_one_is(page: Page) -> None:
    await sign_in(page, "rita")
    reference = await steps.file_correction(page)
    await steps.begin(page, "Em que ponto está o meu pedido?")
    await steps.choose(page, "PEN", "PEN-01", "EST")
    await page.wait_for_url("**/processo")
    await page.check(f"input[value='{reference}']")
    await steps.go_on(page)
    await page.wait_for_url("**/ficheiros")
    await steps.go_on(page)
    await expect(page.locator("#processo")).to_contain_text(reference)
    # The department of the ongoing request, not that of pensions.
    await expect(page.locator("main")).to_contain_text("Prestações Familiares")
    await steps.send(page)


async def test_praise_and_a_report_are_filed_like_any_request(page: Page) -> None:
    await sign_in(page, "tiago")
    await page.goto("/inicio")
    await page.goto("/novo?evento=REC")
    await expect(page.locator("form#passo")).to_contain_text("Sobre: Reclamações, sugestões e elogios")
    await page.fill("#descricao", "Fui muito bem atendido.")
    await steps.go_on(page)
    await page.wait_for_url("**/assunto")
    await steps.choose(page, "REC-01", "ELO")
    await steps.go_on(page)
    await steps.send(page)

    await steps.begin(page, "Há trabalho por declarar na pastelaria da esquina.")
    await steps.choose(page, "TRA", "TRA-09", "DEN")
    await steps.go_on(page)
    await expect(page.locator("main")).to_contain_text("Fiscalização")
    await steps.send(page)
    await page.goto(f"/pedidos/{await steps.reference(page)}")
    await expect(page.locator("main")).to_contain_text("trabalho por declarar")


async def test_a_sick_leave_ends_early_and_the_answer_says_on_which_day(page: Page) -> None:
    await sign_in(page, "leonor")
    await steps.begin(page, "O médico deu-me alta mais cedo.")
    await steps.choose(page, "DOE", "DOE-02", "CES")
    return_on = day_of(datetime.now(UTC)) + timedelta(days=2)
    await page.get_by_label("Em que dia volta ao trabalho?").fill(return_on.isoformat())
    await page.get_by_label("Qual é o número da baixa?").fill("cit 104417")
    await steps.go_on(page)
    await page.wait_for_url("**/ficheiros")
    await steps.go_on(page)
    await expect(page.locator("#perguntas")).to_contain_text(IN_WORDS["pt"](return_on))
    await steps.send(page)
    await page.goto(f"/pedidos/{await steps.reference(page)}")
    last_day = IN_WORDS["pt"](return_on - timedelta(days=1))
    answer = f"A sua baixa termina a {last_day} e volta ao trabalho a {IN_WORDS['pt'](return_on)}."
    await expect(page.locator("#estado")).to_contain_text("Concluído", timeout=steps.DEPARTMENT_MS)
    await page.reload()
    await expect(page.locator("main")).to_contain_text(answer)
