"""One system and one browser for all tests; each test has a phone of its own."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio
from PIL import Image
from playwright.async_api import Browser, BrowserContext, Page, expect

from deploy.local import LocalStack
from tests.browser.system import PHONE, address_of, chromium, whole_system

START_SECONDS: Final = 300
"""Of the system, with the first test."""

# A machine may be slow: no test is about how long something takes.
expect.set_options(timeout=20_000)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalStack]:
    async with whole_system(tmp_path_factory.mktemp("browser")) as stack:
        yield stack


@pytest.fixture(scope="session")
def address(stack: LocalStack) -> str:
    """The portal's."""
    return address_of(stack)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as launched:
        yield launched


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


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two small photos."""
    folder = tmp_path_factory.mktemp("photos")
    names = [folder / name for name in ("Recibo de julho.jpg", "Frente.jpg")]
    for number, name in enumerate(names):
        Image.new("RGB", (400, 300), (200, 60 + number, 80)).save(name)
    return names


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(pytest.mark.timeout(START_SECONDS))
