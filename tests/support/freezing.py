"""Freezes programs of a stack: the operating system still accepts their connections, and nobody answers."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from deploy.local import LocalStack


@contextmanager
def frozen(stack: LocalStack, *names: str) -> Iterator[None]:
    """Stop the programs with SIGSTOP inside the block, and continue them after it."""
    pids = [pid for name in names if (pid := stack.pid(name)) is not None]
    assert len(pids) == len(names), f"down: {names}"
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
