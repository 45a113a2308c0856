"""The receipt on paper: saved from a page, and its code opened on the phone of somebody who has no account."""

import hashlib
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect
from pypdf import PdfReader

from tests.browser import steps
from tests.browser.system import PHONE, sign_in


async def saved(page: Page) -> PdfReader:
    """What the link of the page downloads."""
    async with page.expect_download() as download:
        await page.get_by_role("link", name="Guardar o recibo em PDF").click()
    file = await download.value
    assert file.suggested_filename.endswith(".pdf")
    return PdfReader(BytesIO(Path(await file.path()).read_bytes()))


def address_in(receipt: PdfReader) -> str:
    """Where the code leads."""
    annotations: Any = receipt.pages[0]["/Annots"]
    (link,) = (each.get_object() for each in annotations)
    return str(link["/A"]["/URI"])


async def receipt_of_a_request(page: Page, photos: list[Path]) -> tuple[str, PdfReader]:
    await sign_in(page)
    reference = await steps.file_request(page, photos)
    await page.goto(f"/pedidos/{reference}")
    await expect(page.locator("#estado")).to_contain_text("Concluído", timeout=steps.DEPARTMENT_MS)
    await page.goto(f"/pedidos/{reference}/recibo")
    return reference, await saved(page)


async def test_the_code_of_a_saved_receipt_verifies_it_on_another_phone(
    browser: Browser, page: Page, photos: list[Path]
) -> None:
    reference, receipt = await receipt_of_a_request(page, photos)
    await page.reload()
    again = await saved(page)
    assert [each.extract_text() for each in again.pages] == [each.extract_text() for each in receipt.pages]

    stranger = await browser.new_context(viewport=PHONE, locale="pt-PT")
    phone = await stranger.new_page()
    await phone.goto(address_in(receipt))
    await expect(phone.locator(".notice")).to_contain_text("O recibo é válido")
    await expect(phone.locator("main")).to_contain_text(reference)
    for photo in photos:
        await expect(phone.locator("main")).to_contain_text(hashlib.sha256(photo.read_bytes()).hexdigest())
    assert "#" not in phone.url
    await phone.go_back()
    assert "#" not in phone.url
    await stranger.close()


async def test_a_changed_code_is_refused(browser: Browser, page: Page, photos: list[Path]) -> None:
    _, receipt = await receipt_of_a_request(page, photos)
    address = address_in(receipt)
    place = address.rindex(".") - 20
    letter = "A" if address[place] != "A" else "B"
    await page.goto(address[:place] + letter + address[place + 1 :])
    await expect(page.locator(".notice")).to_contain_text("não é válido")


@pytest.mark.parametrize("attached", [False, True], ids=["the address", "the attachment"])
async def test_without_javascript_the_receipt_is_pasted(
    browser: Browser, page: Page, photos: list[Path], attached: bool
) -> None:
    reference, receipt = await receipt_of_a_request(page, photos)
    (signed,) = receipt.attachments[f"{reference}.jws"]
    context = await browser.new_context(viewport=PHONE, locale="pt-PT", java_script_enabled=False)
    phone = await context.new_page()
    await phone.goto(address_in(receipt))
    await expect(phone.locator("main")).to_contain_text("Copie o endereço completo desta página")
    await phone.fill("#recibo", signed.decode() if attached else phone.url)
    await phone.get_by_role("button", name="Validar", exact=True).click()
    await expect(phone.locator(".notice")).to_contain_text("O recibo é válido")
    await expect(phone.locator("main")).to_contain_text(reference)
    if attached:
        await phone.get_by_text("Porquê esta data?").click()
        await expect(phone.locator("main")).to_contain_text("Contou-se a partir de")
    await phone.get_by_role("button", name="English").click()
    await expect(phone.locator(".notice")).to_contain_text("The receipt is valid")
    await context.close()
