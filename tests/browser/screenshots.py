"""Takes a picture of every page, on a phone and on a desk: `python -m tests.browser.screenshots --help`."""

import argparse
import asyncio
import tempfile
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

from PIL import Image
from playwright.async_api import Browser, Page, expect

from deploy.local import LocalStack
from tests.browser import steps
from tests.browser.system import DESK, PHONE, address_of, chromium, sign_in, whole_system

WAYS: Final[Mapping[str, dict[str, Any]]] = {
    "phone": {"viewport": PHONE},
    "phone-dark": {"viewport": PHONE, "color_scheme": "dark"},
    "phone-english": {"viewport": PHONE, "locale": "en-GB"},
    "desk": {"viewport": DESK},
    "desk-dark": {"viewport": DESK, "color_scheme": "dark"},
}

README: Final = {"home": "inicio", "check": "verificar", "request": "pedido-a-espera", "dates": "prazos"}
"""The pictures of the README, and the pages that they show."""

PICTURES: Final = Path(__file__).parents[2] / "docs" / "pictures"
README_HEIGHT: Final = 1_100
"""Of a picture of the README, in pixels: a phone's screen and a half."""


async def prepare(browser: Browser, stack: LocalStack, folder: Path) -> dict[str, str]:
    """File and begin what the pages show. Returns the addresses by the names of the pictures."""
    address = address_of(stack)
    photo = folder / "Recibo de julho.jpg"
    Image.new("RGB", (400, 300), (200, 60, 80)).save(photo)
    context = await browser.new_context(base_url=address, locale="pt-PT", viewport=PHONE)
    page = await context.new_page()
    await sign_in(page)
    concluded = await steps.file_request(page, [photo])
    await page.goto(f"/pedidos/{concluded}")
    await expect(page.locator("#estado")).to_contain_text("Concluído", timeout=steps.DEPARTMENT_MS)
    held = await steps.file_correction(page)
    await page.goto(f"/pedidos/{held}/retirar")
    await page.get_by_role("button", name="Retirar o pedido").click()
    waiting = await steps.file_correction(page)
    draft = (await steps.begin(page)).removeprefix(address)
    await steps.choose(page, "FAM", "FAM-01", "NPG")
    await page.set_input_files("#ficheiros", photo)
    await expect(page.locator("[data-files] .name")).to_be_visible()
    asking = (await steps.begin(page, "Já estou bom e quero voltar ao trabalho.")).removeprefix(address)
    await steps.choose(page, "DOE", "DOE-02", "CES")
    automatic = await steps.wait_for_automatic_request(page, stack, "amelia")
    await context.close()
    step_names = ("descricao", "evento", "assunto", "motivo", "ficheiros", "verificar")
    return {
        "inicio": "/inicio",
        "pedidos": "/pedidos",
        "pedidos-nenhum": "/pedidos?estado=rejected",
        "avisos": "/avisos",
        "novo": "/novo",
        **{step: f"{draft}/{step}" for step in step_names},
        "recibo": f"/pedidos/{concluded}/recibo",
        "pedido-a-espera": f"/pedidos/{waiting}",
        "pedido-concluido": f"/pedidos/{concluded}",
        "pedido-retirado": f"/pedidos/{held}",
        "prazos": f"/pedidos/{waiting}/prazos",
        "mensagem": f"/pedidos/{waiting}/mensagem",
        "documentos": f"/pedidos/{waiting}/documentos",
        "retirar": f"/pedidos/{waiting}/retirar",
        "avaliar": f"/pedidos/{concluded}/avaliar",
        "perguntas": f"{asking}/perguntas",
        "pedidos-procura": "/pedidos?q=abono",
        "pedido-automatico": f"/pedidos/{automatic}",
        "desconhecido": "/pedidos/PO-7K3QX-9M2TA-B",
    }


FOR_EVERYBODY: Final = {
    "entrada": "/",
    "entrar": "/entrar",
    "estado": "/estado",
    "acessibilidade": "/acessibilidade",
    "ajuda": "/ajuda",
    "ajuda-procura": "/ajuda?q=baixa",
    "ajuda-nada": "/ajuda?q=xilofone",
    "ajuda-assunto": "/ajuda/FAM-01",
    "validar": "/validar",
}


async def take(page: Page, addresses: Mapping[str, str], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, path in addresses.items():
        await page.goto(path)
        await page.screenshot(path=folder / f"{name}.png", full_page=True)


async def take_failure(page: Page, name: str, path: str, folder: Path) -> None:
    """A form that was sent empty."""
    await page.goto(path)
    await page.click("main button.main")
    await page.screenshot(path=folder / f"{name}.png", full_page=True)


async def take_verdicts(page: Page, receipt_page: str, folder: Path) -> None:
    """What the page says of a receipt, and of the same one with a letter changed."""
    receipt = await (await page.context.request.get(f"{receipt_page}-assinado")).text()
    for name, text in (("valido", receipt), ("invalido", receipt.replace("e", "f", 1))):
        await page.goto("/validar")
        await page.fill("#recibo", text)
        await page.click("main button.main")
        await page.screenshot(path=folder / f"validar-{name}.png", full_page=True)


async def take_all(folder: Path, *, for_readme: bool) -> None:
    async with AsyncExitStack() as exits:
        work = Path(exits.enter_context(tempfile.TemporaryDirectory()))
        stack = await exits.enter_async_context(whole_system(work / "stack"))
        browser = await exits.enter_async_context(chromium())
        address = address_of(stack)
        addresses = await prepare(browser, stack, work)
        for way, options in WAYS.items():
            context = await browser.new_context(**{"base_url": address, "locale": "pt-PT", **options})
            page = await context.new_page()
            await take(page, FOR_EVERYBODY, folder / way)
            await take_failure(page, "entrar-erro", "/entrar", folder / way)
            await sign_in(page)
            await take(page, addresses, folder / way)
            await take_failure(page, "novo-erro", "/novo", folder / way)
            await take_failure(page, "perguntas-erro", addresses["perguntas"], folder / way)
            await take_verdicts(page, addresses["recibo"], folder / way)
            await context.clear_cookies()
            await sign_in(page, "padaria")
            await take(page, {"inicio-vazio": "/inicio", "avisos-vazio": "/avisos"}, folder / way)
            await context.close()
            print(folder / way)
    if for_readme:
        for picture, name in README.items():
            crop_for_readme(folder / "phone" / f"{name}.png", PICTURES / f"{picture}.png")


def crop_for_readme(source: Path, target: Path) -> None:
    """A picture for the README: the top of the page, with few colours."""
    with Image.open(source) as page:
        top = page.convert("RGB").crop((0, 0, page.width, min(page.height, README_HEIGHT)))
        target.parent.mkdir(exist_ok=True)
        top.quantize(64).save(target, optimize=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="make screenshots", description="Take a picture of every page.")
    parser.add_argument("--folder", type=Path, default=Path("screenshots"), help="where to (default: %(default)s)")
    parser.add_argument("--readme", action="store_true", help="replace the pictures of the README too")
    options = parser.parse_args()
    asyncio.run(take_all(options.folder, for_readme=options.readme))


if __name__ == "__main__":
    main()
