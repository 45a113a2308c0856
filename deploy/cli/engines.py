"""`postigo engines`: the programs of the real tier."""

import time

from rich.console import Console

from deploy.cli.screen import open_screen
from deploy.local import cache, install


def run_install() -> None:
    """Raises StackError."""
    console = Console(highlight=False)
    begin = time.monotonic()
    if cache.lacking():
        with open_screen(console, list(cache.recipes())) as screen:
            install.install(screen.show)
        console.print(f"The real engines are made, after {time.monotonic() - begin:.0f} s.")
    console.print(f"The real engines are in {cache.folder()}.", soft_wrap=True)


def run_remove() -> None:
    """Raises StackError."""
    print(f"{install.remove() / 1e6:.0f} MB removed from {cache.folder()}.")
