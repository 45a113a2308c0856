"""A stub of a Postigo process: `python program.py`. Settings are environment variables:

`HTTP_PORT`: port of `/health/ready`. `CHILD=1`: starts a child process and writes its pid to `CHILD_PID_FILE`.
`STUBBORN=1`: ignores SIGTERM. `NEVER_READY=1`: answers 503.
"""

import os
import signal
import subprocess
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route


async def ready(request: Request) -> Response:
    return JSONResponse({}, status_code=503 if "NEVER_READY" in os.environ else 200)


def main() -> None:
    if "CHILD" in os.environ:
        child = subprocess.Popen(["/bin/sleep", "600"])
        Path(os.environ["CHILD_PID_FILE"]).write_text(str(child.pid), encoding="ascii")
    server = uvicorn.Server(
        uvicorn.Config(
            Starlette(routes=[Route("/health/ready", ready)]),
            host="127.0.0.1",
            port=int(os.environ["HTTP_PORT"]),
            log_level="warning",
        )
    )
    if "STUBBORN" in os.environ:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    server.run()


if __name__ == "__main__":
    main()
