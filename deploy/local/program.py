"""A program of the stack as data: its command, its variables and its readiness probe."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from signal import SIGTERM, Signals

Probe = Callable[[], Awaitable[None]]
"""Sends a real request to the running program. Returns when the program is ready, otherwise raises."""


async def always() -> None:
    """The default probe: a program is ready as soon as it runs."""


class Kind(StrEnum):
    ENGINE = "engine"
    PROCESS = "process"


class State(StrEnum):
    STARTING = "starting"
    WAITING = "waiting"
    READY = "ready"
    RESTARTING = "restarting"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True)
class Program:
    """A command and how to supervise it. Times are in seconds."""

    name: str
    kind: Kind
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    url: str = ""
    ready: Probe = always
    ready_within: float = 60.0
    stop_within: float = 15.0
    stop_signal: Signals = SIGTERM


@dataclass(frozen=True)
class Step:
    """An update about one step of a start, or about one program later. `seconds`: the duration of the step so far."""

    name: str
    state: State
    seconds: float = 0.0
    detail: str = ""


Observer = Callable[[Step], None]


def unobserved(step: Step) -> None:
    """An observer that ignores all steps."""
