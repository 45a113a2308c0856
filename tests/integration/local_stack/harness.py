"""Helpers of the local-stack tests: start a stub process, inspect processes, mount small disks."""

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
    """A stack without engines, for tests that do not need them."""
    return LocalStack(home, engines=(), observe=(steps if steps is not None else []).append)


async def start_program(
    stack: LocalStack, name: str, env: Mapping[str, str] | None = None, *, within: float = 20.0, stop: float = 5.0
) -> None:
    """Start the stub process as `name`."""
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
    """`pid` and all its descendants."""
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
    """Run a command of `postigo` and return its output and exit code."""
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
    """Write a file until the disk is full; returns its path."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1024 * 1024))
        except OSError:
            return filler
