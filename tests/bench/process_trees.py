"""Processor time and memory of programs with their child processes: an engine may have several."""

import os
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

_TICK: Final = os.sysconf("SC_CLK_TCK")


def cpu_of(programs: Mapping[str, int]) -> dict[str, float]:
    """Processor seconds of each program (name → pid) and its descendants, ended ones included."""
    return {name: sum(map(_cpu_seconds, pids)) for name, pids in _trees(programs).items()}


def memory_of(programs: Mapping[str, int]) -> dict[str, float]:
    """MiB of each program (name → pid) and its descendants; shared memory is divided among its users."""
    return {name: sum(map(_memory_mib, pids)) for name, pids in _trees(programs).items()}


def load_cpu() -> float:
    """Processor seconds of this process, which generates the load."""
    return time.process_time()


def busy() -> float:
    """Processor seconds of the whole machine, idle time excluded."""
    user, nice, system, _, _, *interrupts = _machine_ticks()
    # `user` already contains the time of guests.
    return (user + nice + system + sum(interrupts[:2])) / _TICK


def _machine_ticks() -> list[int]:
    first = Path("/proc/stat").read_text(encoding="ascii").partition("\n")[0]
    return [int(each) for each in first.split()[1:]]


def _trees(programs: Mapping[str, int]) -> dict[str, list[int]]:
    children: defaultdict[int, list[int]] = defaultdict(list)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            children[int(fields[1])].append(int(entry.name))
    return {name: list(_with_descendants(pid, children)) for name, pid in programs.items()}


def _with_descendants(pid: int, children: Mapping[int, list[int]]) -> Iterable[int]:
    yield pid
    for child in children.get(pid, ()):
        yield from _with_descendants(child, children)


def _cpu_seconds(pid: int) -> float:
    fields = _stat(pid)
    # User and system time of the process, and of the children it has waited for.
    return sum(map(int, fields[11:15])) / _TICK if fields else 0.0


def _memory_mib(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def _stat(pid: int) -> list[str]:
    """The fields after the command's name, which may contain any character; empty if the process has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return []
