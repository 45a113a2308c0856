"""PostgreSQL with the DocumentDB extension, for FerretDB: `python -m deploy.local.engines.postgres --port P --data DIR`.

The server runs in a chroot. At the first start the folder is copied from the installed cluster.
"""

import argparse
import shutil
import subprocess
from pathlib import Path

from deploy.local import cache, chroot


def main() -> None:
    arguments = _arguments()
    data: Path = arguments.data
    if not data.exists():
        _copy(data)
    settings = {**cache.SETTINGS, "port": str(arguments.port)}
    options = [f"--{name}={value}" for name, value in settings.items()]
    chroot.run(cache.piece(cache.DEBIAN), data, [f"{cache.POSTGRES}/postgres", "-D", chroot.DATA, *options])


def _copy(data: Path) -> None:
    """Copy to a partial folder and rename it: a folder with the final name is always complete."""
    partial = data.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "--archive", "--reflink=auto", cache.piece(cache.CLUSTER), partial], check=True)
    partial.rename(data)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="PostgreSQL with DocumentDB on 127.0.0.1.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True, help="folder, made at the first start")
    return parser.parse_args()


if __name__ == "__main__":
    main()
