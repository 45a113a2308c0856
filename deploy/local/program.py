"""A program of the stack as data: what to start, with which variables, and when it counts as ready."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from signal import SIGTERM, Signals

Probe = Callable[[], Awaitable[None]]
"""Asks the running program something real; returns when it answers well, raises otherwise."""


async def always() -> None:
    """The probe of a program that has none: ready as soon as it runs."""


class Kind(StrEnum):
    ENGINE = "engine"
    PROCESS = "process"


class State(StrEnum):
    STARTING = "starting"
    READY = "ready"
    RESTARTING = "restarting"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True)
class Program:
    """A command and how to deal with it. Times are seconds."""

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
    """News of one step of a start, or of one program later on: `seconds` is how long the step has taken."""

    name: str
    state: State
    seconds: float = 0.0
    detail: str = ""


Observer = Callable[[Step], None]


def unobserved(step: Step) -> None:
    """The observer of those who look at nothing."""
