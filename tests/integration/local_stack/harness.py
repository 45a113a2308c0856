"""What the tests of the stack share: starting the stand-in process, and looking at processes and small disks."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from deploy.local import LocalStack, Step, probes

PROGRAM = Path(__file__).with_name("program.py")
POSTIGO = (sys.executable, "-m", "deploy.cli")

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small disk, which needs root")


def empty_stack(home: Path, steps: list[Step] | None = None) -> LocalStack:
    """A stack without engines: for what does not depend on them."""
    return LocalStack(home, engines=(), observe=(steps if steps is not None else []).append)


async def start_program(
    stack: LocalStack, name: str, env: Mapping[str, str] | None = None, *, within: float = 20.0, stop: float = 5.0
) -> None:
    """Start the stand-in process as `name`."""
    port = stack.port(name)
    await stack.start_program(
        name,
        [sys.executable, str(PROGRAM)],
        {"HTTP_PORT": str(port), **(env or {})},
        url=f"http://127.0.0.1:{port}",
        ready=partial(probes.http_ready, port),
        ready_within=within,
        stop_within=stop,
    )


def family(pid: int) -> set[int]:
    """`pid` and every process that it, or one of them, started."""
    found, parents = {pid}, _parents()
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def _parents() -> dict[int, int]:
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text(encoding="utf-8", errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        found[int(folder.name)] = int(stat.rsplit(")", 1)[1].split()[1])
    return found


def postigo(
    *arguments: str, env: Mapping[str, str] | None = None, within: float = 60.0
) -> subprocess.CompletedProcess[str]:
    """Run a command of the command line to its end."""
    environment = {**os.environ, "COLUMNS": "120", **(env or {})}
    return subprocess.run(
        [*POSTIGO, *arguments], env=environment, capture_output=True, text=True, timeout=within, check=False
    )


@contextmanager
def small_disk(folder: Path, options: str) -> Iterator[Path]:
    """A file system in memory, mounted at `folder` with `options`."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def fill(disk: Path) -> Path:
    """Write until nothing more fits; the file that takes the room."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1024 * 1024))
        except OSError:
            return filler
