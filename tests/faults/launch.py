"""Starts a process of ours as `python -m` would, after what a test has laid ready for its next life.

`python -m tests.faults.launch FOLDER NAME MODULE`. In FOLDER may lie, each a file with one line:

- `NAME.failpoint`: where this life ends or stands still; taken away, so that the next life is a plain one;
- `NAME.clock`: how far the clock is off (`+6h`); may be changed while the process runs;
- `NAME.mutation`: the kernel's promise that this process breaks (see `tests/faults/mutations.py`).
"""

import os
import runpy
import select
import sys
import time
from pathlib import Path
from typing import Final, SupportsIndex

PRELOAD: Final = "LD_PRELOAD"


def main() -> None:
    folder, name, module = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    clock = folder / f"{name}.clock"
    library = os.environ.get("POSTIGO_TEST_CLOCK")
    if clock.exists() and library and PRELOAD not in os.environ:
        os.execve(sys.executable, [sys.executable, "-m", __spec__.name, *sys.argv[1:]], _with_clock(library, clock))  # noqa: S606
    if PRELOAD in os.environ:
        _sleep_anyhow()
    failpoint = folder / f"{name}.failpoint"
    if failpoint.exists():
        os.environ["POSTIGO_FAILPOINT"] = failpoint.read_text(encoding="ascii").strip()
        failpoint.unlink()
    mutation = folder / f"{name}.mutation"
    if mutation.exists():
        from tests.faults.mutations import MUTATIONS

        MUTATIONS[mutation.read_text(encoding="ascii").strip()]()
    sys.argv[:] = [module]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _with_clock(library: str, clock: Path) -> dict[str, str]:
    """A jump of the clock on the wall leaves the monotonic one alone, as on a real machine."""
    faked = {
        PRELOAD: library,
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    return {**os.environ, **faked}


def _sleep_anyhow() -> None:
    """Libfaketime 0.9.10 breaks `clock_nanosleep` on a clock that it leaves alone, and with it `time.sleep`."""

    def sleep(seconds: SupportsIndex | float) -> None:
        select.select((), (), (), float(seconds))

    time.sleep = sleep


if __name__ == "__main__":
    main()
