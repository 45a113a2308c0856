"""What browsers need: the whole system with a department for every code, Debian's Chromium, and people who sign in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, Page, ViewportSize, async_playwright

from deploy.demo.accounts import create_accounts
from deploy.demo.data import load_accounts
from deploy.demo.stage import start_departments
from deploy.local import LocalStack
from services.common.catalogue import catalogue
from tests.browser.chromium import executable
from tests.support import stacks

OPTIONS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PHONE: Final = ViewportSize(width=375, height=740)
DESK: Final = ViewportSize(width=1280, height=900)

PASSWORDS: Final = {account.key: account for account in load_accounts()}


@asynccontextmanager
async def whole_system(folder: Path) -> AsyncIterator[LocalStack]:
    """A whole system, whose reference departments answer."""
    given = ("MONGO_URL", "S3_URL", "S3_ACCESS_KEY", "S3_SECRET_KEY")
    async with stacks.shared(folder, ("kafka", "mongo", "s3", "mail"), *given) as stack:
        await stack.start_processes()
        await create_accounts(load_accounts(), stack.home, stack.env)
        await start_departments(stack, sorted(catalogue().departments))
        yield stack
        await stack.stop("departments")


def address_of(stack: LocalStack) -> str:
    """The portal's."""
    return f"http://127.0.0.1:{stack.port('gateway')}"


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Raises `FileNotFoundError` if it is not installed."""
    path = executable()
    if path is None:
        raise FileNotFoundError("Chromium is missing: make test-browser installs it on Debian, as root.")
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=path, args=[*OPTIONS])
        yield launched
        await launched.close()


async def sign_in(page: Page, key: str = "amelia") -> None:
    """Sign in as a person of the demonstration."""
    account = PASSWORDS[key]
    await page.goto("/entrar")
    await page.fill("#niss", account.niss)
    await page.fill("#palavra-passe", account.password)
    await page.click("main button.main")
    await page.wait_for_url("**/inicio")
