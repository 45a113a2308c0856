"""What people do on the pages, in few words."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import uuid4

from playwright.async_api import BrowserContext, Page, expect

from deploy.demo.data import load_accounts
from deploy.demo.register import Birth, tell
from deploy.local import LocalStack
from gateway.accounts.session_cookie import SESSION_COOKIE
from services.common.legal_clock import day_of
from tests.support.waiting import eventually

DESCRIPTION = "O abono de família de novembro não foi pago. Mudei de banco em outubro."


DEPARTMENT_MS: Final = 120_000
"""Milliseconds within which a department of the demonstration has answered, also after the broker was away."""

CORRECTION: Final = ("FAM-05", "COR")
"""A subject and a reason for which the department of the demonstration asks for two documents."""


async def wait_for_automatic_request(page: Page, stack: LocalStack, key: str) -> str:
    """Tell the birth of a child of this person of the demonstration, twice, and find the request that it opened. Returns its
    reference.
    """
    niss = next(account.niss for account in load_accounts() if account.key == key)
    birth = Birth(str(uuid4().int % 10**9), day_of(datetime.now(UTC)) - timedelta(days=2), [niss])
    await tell(stack.env["KAFKA_URL"], [birth, birth])
    link = page.get_by_role("link", name="Abono de família para crianças e jovens")

    async def address() -> str | None:
        await page.goto(f"/pedidos?q={birth.number}")
        return await link.get_attribute("href") if await link.count() == 1 else None

    found = await eventually(address)
    assert found is not None
    return found.removeprefix("/pedidos/")


async def go_on(page: Page) -> None:
    await page.get_by_role("button", name=re.compile("Continuar|Continue")).click()


async def begin(page: Page, description: str = DESCRIPTION) -> str:
    """Begin a request. Returns the address of its draft."""
    await page.goto("/novo")
    await page.fill("#descricao", description)
    await go_on(page)
    await page.wait_for_url("**/evento")
    return page.url.removesuffix("/evento")


async def begin_and_return(page: Page) -> str:
    """Begin a request and go back to its description. Returns the address of its draft."""
    draft = await begin(page)
    await page.goto(f"{draft}/descricao")
    return draft


async def choose(page: Page, *codes: str) -> None:
    """Answer the questions of the next steps."""
    for code in codes:
        await page.check(f"input[value='{code}']")
        await go_on(page)


async def file_request(page: Page, files: Sequence[Path] = (), subject: str = "FAM-01", reason: str = "NPG") -> str:
    """File a request with files. Returns its reference."""
    await begin(page)
    await choose(page, "FAM", subject, reason)
    if files:
        await page.set_input_files("#ficheiros", files)
        for file in files:
            await expect(page.locator("[data-files] .name", has_text=file.name)).to_be_visible()
    await go_on(page)
    await send(page)
    return await reference(page)


async def file_correction(page: Page) -> str:
    """File a request whose department asks for two documents, and see it waiting for them. Returns its reference."""
    reference = await file_request(page, (), *CORRECTION)
    await page.goto(f"/pedidos/{reference}")
    await expect(page.locator("#estado")).to_contain_text("A aguardar documentos", timeout=DEPARTMENT_MS)
    await page.reload()
    return reference


async def write_elsewhere(context: BrowserContext, reference: str, text: str) -> None:
    """Send a message about the request as the same person, but not through a page."""
    (token,) = [each["value"] for each in await context.cookies() if each["name"] == SESSION_COOKIE]
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": uuid4().hex}
    answer = await context.request.post(f"/v1/requests/{reference}/messages", headers=headers, data={"text": text})
    assert answer.status == 202, await answer.text()


async def send(page: Page) -> None:
    await page.get_by_role("button", name=re.compile("Enviar|Send")).click()
    await page.wait_for_url("**/recibo*")


async def reference(page: Page) -> str:
    return (await page.inner_text(".receipt-reference")).strip()
