"""Processor time and memory of a process, read from outside so that it pays nothing for it."""

import time
from pathlib import Path


def cpu_seconds(pid: int) -> float:
    """Processor time of the process and all its threads, in nanosecond resolution. Other processes do not count."""
    # The kernel's name for another process's clock: CPUCLOCK_SCHED in include/linux/posix-timers_types.h.
    return time.clock_gettime(~pid << 3 | 2)


def resident_mib(pid: int) -> float:
    """Resident memory of the process now."""
    return _status(pid, "VmRSS")


def peak_mib(pid: int) -> float:
    """Peak resident memory of the process, since its start or `forget_peak`."""
    return _status(pid, "VmHWM")


def forget_peak(pid: int) -> None:
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")


def _status(pid: int, name: str) -> float:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    kib = next(line.split()[1] for line in lines if line.startswith(f"{name}:"))
    return int(kib) / 1024
