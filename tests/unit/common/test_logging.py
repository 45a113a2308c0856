"""Log messages of other libraries may contain personal data: only their place and the type of error are logged."""

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


def test_the_text_of_a_librarys_message_is_not_logged_but_its_error_type_is() -> None:
    result = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, check=True, text=True)
    assert "canary" not in result.stdout + result.stderr
    task, driver, server = map(json.loads, result.stdout.splitlines())
    assert (task["library"], task["error"], task["level"]) == ("asyncio", "ValueError", "error")
    assert (driver["library"], driver["error"]) == ("driver", "KeyError")
    assert (server["error"], server["because"]) == ("OSError", "Address already in use")
