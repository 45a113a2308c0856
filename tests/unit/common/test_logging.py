"""What other libraries log may carry a person's words: only that they did, and where, is written down."""

import json
import subprocess
import sys

PROGRAM = """
import asyncio, errno, logging
from services.common.telemetry.logging import configure

configure("intake")

async def fails():
    raise ValueError("canary in a task")

async def main():
    task = asyncio.create_task(fails())
    await asyncio.sleep(0)
    del task

asyncio.run(main())
logging.getLogger("driver").error("could not store %s", "a canary", exc_info=KeyError("canary"))
logging.getLogger("server").error(OSError(errno.EADDRINUSE, "canary"))
"""


def test_a_librarys_words_and_errors_are_not_written_down_but_that_it_failed_is() -> None:
    said = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, check=True, text=True)
    assert "canary" not in said.stdout + said.stderr
    task, driver, server = map(json.loads, said.stdout.splitlines())
    assert (task["library"], task["error"], task["level"]) == ("asyncio", "ValueError", "error")
    assert (driver["library"], driver["error"]) == ("driver", "KeyError")
    assert (server["error"], server["because"]) == ("OSError", "Address already in use")
