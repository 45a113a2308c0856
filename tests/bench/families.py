"""What programs take with all that they started: an engine may work in processes of its own."""

import os
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

_TICK: Final = os.sysconf("SC_CLK_TCK")


def cpu_of(programs: Mapping[str, int]) -> dict[str, float]:
    """Processor seconds of each program (name → pid), its descendants, and those of them that have ended."""
    return {name: sum(map(_spent, pids)) for name, pids in _families(programs).items()}


def memory_of(programs: Mapping[str, int]) -> dict[str, float]:
    """MiB that each program and its descendants hold; what processes share is divided among them."""
    return {name: sum(map(_held, pids)) for name, pids in _families(programs).items()}


def load_cpu() -> float:
    """Processor seconds of this very process."""
    return time.process_time()


def busy() -> float:
    """Processor seconds that the whole machine has worked."""
    user, nice, system, _, _, *interrupts = _machine()
    # Time of guests is in `user` already.
    return (user + nice + system + sum(interrupts[:2])) / _TICK


def _machine() -> list[int]:
    first = Path("/proc/stat").read_text(encoding="ascii").partition("\n")[0]
    return [int(each) for each in first.split()[1:]]


def _families(programs: Mapping[str, int]) -> dict[str, list[int]]:
    children: defaultdict[int, list[int]] = defaultdict(list)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            children[int(fields[1])].append(int(entry.name))
    return {name: list(_with_descendants(pid, children)) for name, pid in programs.items()}


def _with_descendants(pid: int, children: Mapping[int, list[int]]) -> Iterable[int]:
    yield pid
    for child in children.get(pid, ()):
        yield from _with_descendants(child, children)


def _spent(pid: int) -> float:
    fields = _stat(pid)
    # Its own user and system time, and those of the children it has waited for.
    return sum(map(int, fields[11:15])) / _TICK if fields else 0.0


def _held(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def _stat(pid: int) -> list[str]:
    """The fields behind the command's name, which may hold anything; none for a process that has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return []
