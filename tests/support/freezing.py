"""Freezes programs of a stack: the operating system still accepts their connections, and nobody answers."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local import LocalStack


@contextmanager
def frozen(stack: LocalStack, *names: str) -> Iterator[None]:
    """Stop the programs with SIGSTOP inside the block, and continue them after it."""
    pids = [pid for name in names if (pid := stack.pid(name)) is not None]
    assert len(pids) == len(names), f"down: {names}"
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    while not all(map(_is_stopped, pids)):
        os.sched_yield()
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def _is_stopped(pid: int) -> bool:
    """Whether every thread is stopped: a signal reaches those of a busy machine one after another, and one may still answer."""
    states = [
        each.read_text(encoding="ascii").rpartition(")")[2].split()[0]
        for each in Path(f"/proc/{pid}/task").glob("*/stat")
    ]
    return all(each in "TtZX" for each in states)
