"""The whole system with a department for every code, and Debian's Chromium."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio
from PIL import Image
from playwright.async_api import Browser, BrowserContext, Page, ViewportSize, async_playwright

from deploy.demo.accounts import create_accounts
from deploy.demo.data import load_accounts
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
START_SECONDS: Final = 300
"""Of the system, with the first test."""

PASSWORDS: Final = {account.key: account for account in load_accounts()}


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def address(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The portal of a whole system, whose reference departments answer."""
    given = ("MONGO_URL", "S3_URL", "S3_ACCESS_KEY", "S3_SECRET_KEY")
    async with stacks.shared(tmp_path_factory.mktemp("browser"), ("kafka", "mongo", "s3", "mail"), *given) as stack:
        await stack.start_processes()
        await create_accounts(load_accounts(), stack.home, stack.env)
        await _start_departments(stack)
        yield f"http://127.0.0.1:{stack.port('gateway')}"
        await stack.stop("departments")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    path = executable()
    if path is None:
        pytest.fail("Chromium is missing: make test-browser installs it on Debian, as root.")
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=path, args=[*OPTIONS])
        yield launched
        await launched.close()


@pytest.fixture
def options() -> dict[str, Any]:
    """The options of the browser's context. Tests override it."""
    return {}


@pytest_asyncio.fixture(loop_scope="session")
async def context(browser: Browser, address: str, options: dict[str, Any]) -> AsyncIterator[BrowserContext]:
    """A phone in Portuguese, whose addresses are those of the portal."""
    made = await browser.new_context(**{"base_url": address, "viewport": PHONE, "locale": "pt-PT", **options})
    yield made
    await made.close()


@pytest_asyncio.fixture(loop_scope="session")
async def page(context: BrowserContext) -> Page:
    return await context.new_page()


async def sign_in(page: Page, key: str = "amelia") -> None:
    """Sign in as a person of the demonstration."""
    account = PASSWORDS[key]
    await page.goto("/entrar")
    await page.fill("#niss", account.niss)
    await page.fill("#palavra-passe", account.password)
    await page.click("main button.main")
    await page.wait_for_url("**/inicio")


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two small photos."""
    folder = tmp_path_factory.mktemp("photos")
    names = [folder / name for name in ("Recibo de julho.jpg", "Frente.jpg")]
    for number, name in enumerate(names):
        Image.new("RGB", (400, 300), (200, 60 + number, 80)).save(name)
    return names


async def _start_departments(stack: LocalStack) -> None:
    codes = [option for code in sorted(catalogue().departments) for option in ("--code", code)]
    await stack.start_program("departments", [sys.executable, "-m", "deploy.demo.department", *codes])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(pytest.mark.timeout(START_SECONDS))
