"""Chromium for the tests. `python -m tests.browser.chromium` installs Debian's, where apt and root are there."""

import os
import shutil
import sys
from typing import Final

from deploy.local.apt import apt_get

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")


def executable() -> str | None:
    """The path of the browser: that in `CHROMIUM`, else the first that is installed."""
    return os.environ.get("CHROMIUM") or next((found for name in NAMES if (found := shutil.which(name))), None)


def main() -> None:
    if executable() is not None:
        return
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        sys.exit("Chromium is missing: install it (on Debian: apt install chromium), or name it in CHROMIUM.")
    for arguments in (["update"], ["install", "--yes", "--no-install-recommends", "chromium"]):
        if error := apt_get(*arguments, waiting=print):
            sys.exit(f"Chromium could not be installed: {error}")


if __name__ == "__main__":
    main()
