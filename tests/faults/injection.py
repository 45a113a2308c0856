"""Inject each kind of fault, and end it when its time is over."""

import asyncio
import random
import signal
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.local import StackError
from deploy.verification.log import Offsets, consumer_lags
from tests.faults import error_protocols
from tests.faults.environment import FaultsEnvironment
from tests.faults.log_faults import append_copies, append_poison, rewind_offsets
from tests.faults.schedule import DEPARTMENTS, GROUPS, GROUPS_OF, MEMBERS, WRITES, Step
from tests.support.proxy import CUT, GOOD, Manners
from tests.support.waiting import eventually

LATE: Final = 0.4
"""The delay of every answer while a proxy is slow, in seconds."""

UP_WITHIN: Final = 30.0

STOPPED_WITHIN: Final = 15.0
"""Seconds in which a process reaches its failpoint, if it ever does: requests are filed for ten seconds."""


@dataclass(frozen=True, slots=True)
class Injection:
    """The context of a step. `begin`: the ends of the topics before the schedule. `chance`: seeded by the schedule."""

    environment: FaultsEnvironment
    begin: Offsets
    chance: random.Random


Perform = Callable[[Injection, Step], Awaitable[None]]


async def kill(injection: Injection, step: Step) -> None:
    await injection.environment.kill(step.on)


async def stop(injection: Injection, step: Step) -> None:
    pid = injection.environment.signal(step.on, signal.SIGSTOP)
    await asyncio.sleep(step.seconds)
    injection.environment.resume(pid)


async def restart(injection: Injection, step: Step) -> None:
    """SIGTERM: it stops in order, and the supervisor restarts it."""
    injection.environment.signal(step.on, signal.SIGTERM)


async def die(injection: Injection, step: Step) -> None:
    """Kill it now, and kill it again at a failpoint after its restart."""
    point, _, turn = step.how.partition("@")
    injection.environment.prepare_next_start(step.on, "failpoint", f"{point}:kill@{turn}")
    await injection.environment.kill(step.on)


async def stand_still(injection: Injection, step: Step) -> None:
    """Restart it and stop it at a failpoint for a time. The other member takes over meanwhile."""
    pid = await _stopped_at_failpoint(injection.environment, step.on, step.how)
    await asyncio.sleep(step.seconds)
    injection.environment.resume(pid)


async def take_over(injection: Injection, step: Step) -> None:
    """Stop one member at a failpoint until the other one, which takes over, dies at a failpoint of its own.

    `how` names both failpoints. The first member then continues as a zombie, as if no time had passed. Departments are
    stopped until the takeover, so that the second member processes their commands.
    """
    environment, (first, second) = injection.environment, _members(step.on)
    standing, _, dying = step.how.partition(" ")
    departments = environment.signal(DEPARTMENTS, signal.SIGSTOP)
    await environment.stack.stop(second)
    zombie = await _stopped_at_failpoint(environment, first, standing)
    environment.prepare_next_start(second, "failpoint", dying.replace("@", ":kill@"))
    await _up(environment, second)
    before = environment.stack.restarts(second)

    async def died() -> bool:
        return environment.stack.restarts(second) > before

    async def died_or_took_over() -> bool:
        return await died() or not await consumer_lags(environment.kafka, *GROUPS_OF[step.on])

    with suppress(AssertionError):
        await eventually(died_or_took_over, within=UP_WITHIN, every=0.2)
    environment.resume(departments)
    with suppress(AssertionError):
        await eventually(died, within=UP_WITHIN, every=0.01)
    environment.resume(zombie)


async def cut_off(injection: Injection, step: Step) -> None:
    """Freeze the broker while a member is at a failpoint; kill the member shortly after, and then the broker.

    The records that the member sent meanwhile are lost.
    """
    environment = injection.environment
    pid = await _stopped_at_failpoint(environment, step.on, step.how)
    environment.signal("kafka", signal.SIGSTOP)
    environment.resume(pid)
    await asyncio.sleep(step.seconds)
    await environment.kill(step.on)
    await environment.kill("kafka")


def _members(process: str) -> list[str]:
    """Both replicas of a process."""
    return [name for name, module in MEMBERS.items() if module == MEMBERS[process]]


async def _stopped_at_failpoint(environment: FaultsEnvironment, name: str, where: str) -> int | None:
    """Restart `name`; returns the new pid when it stops at the failpoint, None when it never gets there."""
    environment.prepare_next_start(name, "failpoint", where.replace("@", ":stop@"))
    await environment.kill(name)

    async def stopped() -> int | None:
        pid = environment.stack.pid(name)
        return pid if pid is not None and _state_of(pid) == "T" else None

    with suppress(AssertionError):
        return await eventually(stopped, within=STOPPED_WITHIN, every=0.02)
    return None


def _state_of(pid: int) -> str:
    """The state letter of a process (`T` is stopped); empty when the process does not exist."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    return ""


def refusing(on: str) -> Manners:
    """A proxy that answers with errors of the engine behind it."""
    if on == "objects":
        return Manners(wire=error_protocols.S3Failing())
    if on == "smtp":
        return Manners(wire=error_protocols.MailDeferring())
    if on.endswith(WRITES):
        return Manners(wire=error_protocols.MongoRefusing(error_protocols.DISK_FULL, error_protocols.WRITES))
    return Manners(wire=error_protocols.MongoRefusing(error_protocols.SHUTTING_DOWN))


def behaving(manners: Callable[[str], Manners]) -> Perform:
    """A fault that changes the behaviour of a proxy for a time."""

    async def behave(injection: Injection, step: Step) -> None:
        where = step.on.removesuffix(WRITES)
        injection.environment.behave(where, manners(step.on))
        await asyncio.sleep(step.seconds)
        injection.environment.behave(where, GOOD)

    return behave


async def say_again(injection: Injection, step: Step) -> None:
    await append_copies(
        injection.environment, injection.begin, step.on, injection.chance, shuffled=step.how == "shuffled"
    )


async def rewind(injection: Injection, step: Step) -> None:
    """Stop all members first: Kafka changes the offsets of a group only while it has no member."""
    environment, process = injection.environment, GROUPS[step.on]
    members = _members(process)
    await asyncio.gather(*map(environment.stack.stop, members))
    await rewind_offsets(environment, step.on, injection.chance)
    await asyncio.gather(*(_up(environment, name) for name in members))


async def _up(environment: FaultsEnvironment, name: str) -> None:
    """Restart it. Ignore a failure because of another fault: healing restarts it again."""
    with suppress(StackError):
        await environment.stack.restart(name)


async def poison(injection: Injection, step: Step) -> None:
    await append_poison(injection.environment, step.on, injection.chance)


async def clock(injection: Injection, step: Step) -> None:
    """Restart the process with a fake clock; the clock jumps, and jumps back later."""
    environment = injection.environment
    file = environment.prepare_next_start(step.on, "clock", "+0")
    before = environment.signal(step.on, signal.SIGTERM)

    async def another() -> bool:
        return environment.stack.pid(step.on) not in (None, before)

    with suppress(AssertionError, StackError):
        await eventually(another, within=UP_WITHIN)
        await environment.stack.wait_ready(step.on, UP_WITHIN)
    file.write_text(step.how, encoding="ascii")
    await asyncio.sleep(step.seconds)
    file.write_text("+0", encoding="ascii")


async def fill(injection: Injection, step: Step) -> None:
    """Fill the disk of all engines, and free it later."""
    injection.environment.disk.fill()
    await asyncio.sleep(step.seconds)
    injection.environment.disk.free()


INJECTIONS: Final[Mapping[str, Perform]] = {
    "kill": kill,
    "stop": stop,
    "restart": restart,
    "die": die,
    "stand still": stand_still,
    "take over": take_over,
    "cut off": cut_off,
    "cut": behaving(lambda _: CUT),
    "slow": behaving(lambda _: Manners(latency=LATE)),
    "deafen": behaving(lambda _: Manners(deaf=True)),
    "refuse": behaving(refusing),
    "say again": say_again,
    "rewind": rewind,
    "poison": poison,
    "clock": clock,
    "fill": fill,
}
