"""Start a stack in the background: a supervisor process that reports its start through a pipe."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.local.errors import StackError, translate_os_errors
from deploy.local.home import Home
from deploy.local.program import Observer, State, Step

LOG_NAME = "postigo"


class Report:
    """The supervisor's end of the pipe. The supervisor continues when the reader is gone."""

    def __init__(self, descriptor: int) -> None:
        os.set_inheritable(descriptor, False)
        self._pipe = os.fdopen(descriptor, "w", encoding="utf-8")
        self._open = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open = False
        with suppress(BrokenPipeError):
            self._pipe.close()

    def step(self, step: Step) -> None:
        """Report a step; after the report, write it to the supervisor's own log."""
        if self._open:
            self._write({"step": asdict(step)})
        else:
            print(f"{step.name} {step.state} {step.detail}", flush=True)

    def failed(self, sentence: str) -> None:
        self._write({"failed": sentence})

    def up(self, env: dict[str, str]) -> None:
        self._write({"up": env})

    def _write(self, line: dict[str, object]) -> None:
        with suppress(BrokenPipeError):
            self._pipe.write(json.dumps(line) + "\n")
            self._pipe.flush()


def start(folder: Path, options: Sequence[str], observe: Observer) -> dict[str, str]:
    """Start a supervisor in the background; returns the stack's variables once it is up. Raises StackError."""
    home = Home(folder)
    reading, writing = os.pipe()
    command = [sys.executable, "-m", "deploy.cli", "up", "--report-fd", str(writing), *options]
    with translate_os_errors(home.folder):
        home.make(home.logs)
        with home.rotated_log(LOG_NAME).open("ab") as log:
            supervisor = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(writing,),
                start_new_session=True,
            )
    os.close(writing)
    try:
        return _read(reading, observe, home)
    except KeyboardInterrupt:
        # Ctrl-C stops the start, as in the foreground.
        supervisor.terminate()
        supervisor.wait()
        raise StackError("Postigo was stopped before it was up.") from None
    except StackError:
        supervisor.wait()
        raise


def _read(descriptor: int, observe: Observer, home: Home) -> dict[str, str]:
    with os.fdopen(descriptor, encoding="utf-8") as lines:
        for line in lines:
            match json.loads(line):
                case {"step": step}:
                    observe(Step(**{**step, "state": State(step["state"])}))
                case {"failed": sentence}:
                    raise StackError(sentence)
                case {"up": dict(env)}:
                    return env
    raise StackError(f"Postigo ended before it was up: see {home.log(LOG_NAME)}.")
