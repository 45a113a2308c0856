"""Start a process like `python -m`, with the faults that a test has prepared for it.

`python -m tests.faults.launch FOLDER NAME MODULE`. FOLDER may contain these files, each with one line:

- `NAME.failpoint`: where the process is killed or stopped. It is deleted, so it applies to one start only;
- `NAME.clock`: the offset of the clock (`+6h`), which may change while the process runs;
- `NAME.mutation`: the mutation of the kernel for this process (see `tests/faults/mutations.py`).
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
        _replace_sleep()
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
    """Fake the wall clock only: on a real machine a clock jump does not change the monotonic clock either."""
    faked = {
        PRELOAD: library,
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    return {**os.environ, **faked}


def _replace_sleep() -> None:
    """Replace `time.sleep`: libfaketime 0.9.10 breaks `clock_nanosleep` when it does not fake the monotonic clock."""

    def sleep(seconds: SupportsIndex | float) -> None:
        select.select((), (), (), float(seconds))

    time.sleep = sleep


if __name__ == "__main__":
    main()
