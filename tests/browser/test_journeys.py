"""Journeys of people through the pages, on a phone in Portuguese."""

import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.browser import steps
from tests.browser.system import PASSWORDS, PHONE, sign_in
from tests.support.waiting import eventually


async def test_a_request_with_two_photos_is_filed_found_again_and_answered(page: Page, photos: list[Path]) -> None:
    await sign_in(page)
    reference = await steps.file_request(page, photos)
    await expect(page.locator("main")).to_contain_text("O que acontece agora")
    await page.goto("/pedidos")
    await page.get_by_role("link", name="Abono de família para crianças e jovens").first.click()
    await expect(page.locator("main")).to_contain_text(reference)
    await expect(page.locator("#estado")).to_contain_text(
        re.compile("Respondido|Concluído"), timeout=steps.DEPARTMENT_MS
    )
    await expect(page.locator("main")).to_contain_text(photos[0].name)


async def test_a_request_is_filed_with_two_files_and_answered_without_javascript(
    browser: Browser, address: str, photos: list[Path]
) -> None:
    context = await browser.new_context(base_url=address, viewport=PHONE, locale="pt-PT", java_script_enabled=False)
    page = await context.new_page()
    await sign_in(page, "tiago")
    await steps.begin(page)
    await steps.choose(page, "FAM", "FAM-01", "NPG")
    await page.set_input_files("#ficheiros", photos)
    await page.get_by_role("button", name="Anexar").click()
    await expect(page.locator("[data-files] li")).to_have_count(2)
    await steps.go_on(page)
    await steps.send(page)
    reference = await steps.reference(page)
    await page.goto(f"/pedidos/{reference}")
    await page.fill("#texto", "Segue também a frente do documento.")
    await page.set_input_files("#ficheiros", photos[1])
    await page.get_by_role("button", name="Enviar mensagem").click()
    await expect(page.locator("main")).to_contain_text("Segue também a frente do documento.")
    await context.close()


@pytest.mark.parametrize("options", [{}, {"java_script_enabled": False}], ids=["", "without JavaScript"])
async def test_a_withdrawal_is_undone(page: Page, options: dict[str, Any]) -> None:
    await sign_in(page, "rita")
    reference = await steps.file_request(page, (), *steps.CORRECTION)
    await page.goto(f"/pedidos/{reference}/retirar")
    await page.get_by_role("button", name="Retirar o pedido").click()
    await page.wait_for_url(f"**/pedidos/{reference}")
    await expect(page.locator("main")).to_contain_text("Retirou este pedido. O departamento é avisado às")
    await page.get_by_role("button", name="Manter o pedido").click()
    await expect(page.locator(".notice")).to_contain_text("Pedido mantido.")
    await expect(page.get_by_role("link", name="Retirar o pedido")).to_be_visible()


async def test_asked_documents_are_delivered_one_by_one(page: Page, photos: list[Path], tmp_path: Path) -> None:
    await sign_in(page, "amelia")
    reference = await steps.file_correction(page)
    await page.get_by_role("link", name="Entregar documentos").click()
    await page.set_input_files("#item-1", photos[0])
    await page.get_by_role("button", name="Entregar").click()
    await page.wait_for_url(f"**/pedidos/{reference}?depois=*")
    await expect(page.locator("#documentos + ul")).to_contain_text("Recebido", timeout=steps.DEPARTMENT_MS)
    await page.get_by_role("link", name="Entregar documentos").click()
    await expect(page.locator("#item-1")).to_have_count(0)
    await page.set_input_files("#item-2", photos[1])
    await page.get_by_role("button", name="Entregar").click()
    await expect(page.locator("#item-2-erro")).to_contain_text("Frente.jpg: Aceita-se PDF.")
    certificate = tmp_path / "Comprovativo.pdf"
    Image.open(photos[0]).save(certificate)
    await page.set_input_files("#item-2", certificate)
    await page.get_by_role("button", name="Entregar").click()
    await page.wait_for_url(f"**/pedidos/{reference}?depois=*")
    await expect(page.locator("#estado")).to_contain_text("Concluído", timeout=steps.DEPARTMENT_MS)


async def test_an_answer_is_rated_once(page: Page) -> None:
    await sign_in(page, "tiago")
    reference = await steps.file_request(page)
    await page.goto(f"/pedidos/{reference}")
    await expect(page.locator("#estado")).to_contain_text("Concluído", timeout=steps.DEPARTMENT_MS)
    await page.reload()
    await page.get_by_role("link", name="Avaliar").click()
    await page.get_by_role("button", name="Enviar").click()
    await expect(page.locator("#nota-erro")).to_contain_text("Escolha de 1 a 5")
    await page.check("input[value='4']")
    await page.get_by_role("button", name="Enviar").click()
    await page.wait_for_url(f"**/pedidos/{reference}?depois=*")
    await expect(page.locator("main")).to_contain_text("4 em 5")
    await expect(page.get_by_role("link", name="Avaliar")).to_have_count(0)


async def test_notices_are_counted_until_they_are_marked_as_read(page: Page) -> None:
    await sign_in(page, "rita")
    await steps.file_correction(page)
    notices = page.get_by_role("link", name=re.compile("Avisos ?, [0-9]+ por ler"))

    async def counted() -> bool:
        await page.reload()
        return await notices.is_visible()

    await eventually(counted)
    await notices.click()
    await expect(page.locator("main")).to_contain_text("Por ler")
    mark = page.get_by_role("button", name="Marcar todos como lidos")

    async def read() -> bool:
        # One that arrives meanwhile stays unread: it is marked, too.
        await page.goto("/avisos")
        if await mark.count():
            await mark.click()
        return await page.get_by_role("link", name="Avisos", exact=True).is_visible()

    await eventually(read)
    await expect(mark).to_have_count(0)


async def test_a_double_click_and_a_resend_after_back_file_one_request(page: Page) -> None:
    await sign_in(page, "ines")
    await page.goto("/pedidos")
    before = await page.locator("main .card").count()
    await steps.begin(page)
    await steps.choose(page, "FAM", "FAM-01", "INF")
    await steps.go_on(page)
    await page.get_by_role("button", name="Enviar pedido").dblclick()
    await page.wait_for_url("**/recibo*")
    reference = await steps.reference(page)
    await page.go_back()
    await page.wait_for_load_state()
    if "verificar" in page.url:
        await page.get_by_role("button", name=re.compile("Enviar")).click()
        await page.wait_for_url("**/recibo*")
    assert await steps.reference(page) == reference
    await page.goto("/pedidos")
    await expect(page.locator("main .card")).to_have_count(before + 1)


async def test_what_was_typed_returns_unsent_after_the_session_ended(context: BrowserContext, page: Page) -> None:
    await sign_in(page)
    draft = await steps.begin_and_return(page)
    await context.clear_cookies()
    await page.fill("#descricao", "Um texto novo, ainda por guardar.")
    await steps.go_on(page)
    await expect(page.locator(".notice")).to_contain_text("O que escreveu está guardado")
    await page.fill("#niss", PASSWORDS["amelia"].niss)
    await page.fill("#palavra-passe", PASSWORDS["amelia"].password)
    await page.click("main button.main")
    await expect(page.locator("#descricao")).to_have_value("Um texto novo, ainda por guardar.")
    assert page.url.startswith(f"{draft}/descricao")


async def test_what_was_typed_is_not_shown_to_another_account(context: BrowserContext, page: Page) -> None:
    await sign_in(page)
    await steps.begin_and_return(page)
    await context.clear_cookies()
    await page.fill("#descricao", "Só para mim.")
    await steps.go_on(page)
    await page.fill("#niss", PASSWORDS["tiago"].niss)
    await page.fill("#palavra-passe", PASSWORDS["tiago"].password)
    await page.click("main button.main")
    await page.wait_for_url("**/inicio")
    assert "Só para mim." not in await page.content()


async def test_the_language_is_switched_in_the_middle_of_a_step_and_the_text_stays(page: Page) -> None:
    await sign_in(page)
    draft = await steps.begin_and_return(page)
    await page.fill("#descricao", "Ainda a escrever.")
    await page.get_by_role("button", name="English").click()
    await expect(page.locator("html")).to_have_attribute("lang", "en-GB")
    await expect(page.locator("#descricao")).to_have_value("Ainda a escrever.")
    assert page.url == f"{draft}/descricao"


async def test_a_draft_goes_on_on_another_device(browser: Browser, address: str, page: Page) -> None:
    await sign_in(page, "rita")
    await steps.begin(page, "Começado no telemóvel.")
    desk = await browser.new_context(base_url=address, locale="pt-PT", viewport={"width": 1280, "height": 900})
    other = await desk.new_page()
    await sign_in(other, "rita")
    await other.goto("/novo")
    await other.get_by_role("link", name="Começado no telemóvel.").first.click()
    await other.wait_for_url("**/evento")
    await other.get_by_role("link", name="Voltar").click()
    await expect(other.locator("#descricao")).to_have_value("Começado no telemóvel.")
    await desk.close()


async def test_errors_are_summed_up_focused_and_lead_to_their_fields(page: Page) -> None:
    await page.goto("/entrar")
    await page.click("main button.main")
    await expect(page).to_have_title(re.compile(r"^Erro: "))
    await expect(page.locator("#erros")).to_be_focused()
    for link in await page.locator("#erros a").all():
        target = (await link.get_attribute("href") or "").removeprefix("#")
        await link.click()
        await expect(page.locator(f"#{target}")).to_be_focused()


async def test_the_enter_key_sends_a_form_and_does_not_switch_its_language(page: Page) -> None:
    await page.goto("/entrar")
    await page.fill("#niss", PASSWORDS["amelia"].niss)
    await page.fill("#palavra-passe", PASSWORDS["amelia"].password)
    await page.press("#palavra-passe", "Enter")
    await page.wait_for_url("**/inicio")
    await expect(page.locator("html")).to_have_attribute("lang", "pt-PT")


async def test_a_number_with_spaces_is_accepted_whole(page: Page) -> None:
    await page.goto("/entrar")
    niss = PASSWORDS["amelia"].niss
    await page.fill("#niss", f" {niss[:3]} {niss[3:6]} {niss[6:9]} {niss[9:]} ")
    await page.fill("#palavra-passe", PASSWORDS["amelia"].password)
    await page.click("main button.main")
    await page.wait_for_url("**/inicio")


async def test_a_heic_photo_is_refused_with_the_way_out(page: Page, tmp_path: Path) -> None:
    photo = tmp_path / "IMG_0001.HEIC"
    photo.write_bytes(b"\x00\x00\x00\x18ftypheic" + bytes(200))
    await sign_in(page)
    await steps.begin(page)
    await steps.choose(page, "FAM", "FAM-01", "NPG")
    await page.set_input_files("#ficheiros", photo)
    await expect(page.locator(".why")).to_contain_text("Mais compatível")


@pytest.mark.parametrize("options", [{"viewport": {"width": 1280, "height": 900}}])
async def test_a_request_is_filed_with_the_keyboard_alone(page: Page, options: dict[str, Any]) -> None:
    await sign_in(page)
    await page.goto("/novo")
    await page.focus("#descricao")
    await page.keyboard.type("Quando recebo o abono deste mês?")
    await _press_button(page)
    for _ in range(3):
        await page.wait_for_load_state()
        await page.locator("input[type=radio]").first.focus()
        await page.keyboard.press("Space")
        await _press_button(page)
    await page.wait_for_url("**/ficheiros")
    await _press_button(page)
    await page.wait_for_url("**/verificar")
    await _press_button(page)
    await page.wait_for_url("**/recibo*")


async def _press_button(page: Page) -> None:
    """Tab from where the focus is to the main button of the form, and press it."""
    for _ in range(40):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.matches('main button.main')"):
            break
    await page.keyboard.press("Enter")
    await page.wait_for_load_state()


async def test_a_refused_file_keeps_the_text_and_the_others_and_a_further_one_joins_them(
    page: Page, photos: list[Path], tmp_path: Path
) -> None:
    other = tmp_path / "IMG_0001.HEIC"
    other.write_bytes(b"\x00\x00\x00\x18ftypheic" + bytes(200))
    await sign_in(page, "tiago")
    reference = await steps.file_request(page)
    await page.goto(f"/pedidos/{reference}/mensagem")
    await page.fill("#texto", "Seguem as duas fotografias.")
    await page.set_input_files("#ficheiros", [photos[0], other])
    await page.get_by_role("button", name="Enviar mensagem").click()
    await expect(page.locator("#ficheiros-erro")).to_contain_text("HEIC")
    await expect(page.locator("#texto")).to_have_value("Seguem as duas fotografias.")
    await page.get_by_role("button", name=f"Remover {photos[0].name}").click()
    await expect(page.get_by_role("button", name="Remover")).to_have_count(0)
    await expect(page.locator("#texto")).to_have_value("Seguem as duas fotografias.")
    await page.set_input_files("#ficheiros", photos)
    await page.get_by_role("button", name="Enviar mensagem").click()
    await page.wait_for_url(f"**/pedidos/{reference}?depois=*")
    await expect(page.locator("[data-live=conversa]")).to_contain_text("Seguem as duas fotografias.")
    for photo in photos:
        await expect(page.locator("main")).to_contain_text(photo.name)


async def test_a_text_that_is_too_long_is_an_error_beside_it_also_for_the_autosave(page: Page) -> None:
    await sign_in(page, "tiago")
    await steps.begin_and_return(page)
    async with page.expect_response("**/guardar") as saved:
        await page.fill("#descricao", "a" * 4001)
    assert (await saved.value).status == 422
    await steps.go_on(page)
    await expect(page.locator("#descricao-erro")).to_be_visible()
