"""How each fault of a schedule is performed, and undone when its time is over."""

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
from tests.faults import wires
from tests.faults.appending import rewound, said_again, spoiled
from tests.faults.schedule import DEPARTMENTS, GROUP_OF, GROUPS, MEMBERS, WRITES, Step
from tests.faults.town import Town
from tests.support.proxy import CUT, GOOD, Manners
from tests.support.waiting import eventually

LATE: Final = 0.4
"""Seconds by which every answer is late while something is slow."""

UP_WITHIN: Final = 30.0

STANDS_WITHIN: Final = 15.0
"""Seconds in which a process that is to stand still somewhere gets there, if it ever does: people file for ten."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Where a step is performed: `begin` is where the schedule found the topics, `chance` is drawn from its seed."""

    town: Town
    begin: Offsets
    chance: random.Random


Perform = Callable[[Scene, Step], Awaitable[None]]


async def kill(scene: Scene, step: Step) -> None:
    await scene.town.kill(step.on)


async def stop(scene: Scene, step: Step) -> None:
    pid = scene.town.signal(step.on, signal.SIGSTOP)
    await asyncio.sleep(step.seconds)
    scene.town.go_on(pid)


async def restart(scene: Scene, step: Step) -> None:
    """SIGTERM: it ends in order, and is started again by itself."""
    scene.town.signal(step.on, signal.SIGTERM)


async def die(scene: Scene, step: Step) -> None:
    """Its next life ends at a failpoint; this one ends now."""
    point, _, turn = step.how.partition("@")
    scene.town.lay_ready(step.on, "failpoint", f"{point}:kill@{turn}")
    await scene.town.kill(step.on)


async def stand_still(scene: Scene, step: Step) -> None:
    """Its next life stands still at a failpoint, for so long; others take over meanwhile."""
    pid = await _standing(scene.town, step.on, step.how)
    await asyncio.sleep(step.seconds)
    scene.town.go_on(pid)


async def take_over(scene: Scene, step: Step) -> None:
    """One member stands still at a step until another, which has taken over from it, dies at a step of its own.

    `how` names both steps. Who stood still is a zombie then: it believes that no time has passed. Departments wait until
    the other has taken over, so that what they say is decided on by it.
    """
    town, (first, second) = scene.town, _members(step.on)
    standing, _, dying = step.how.partition(" ")
    departments = town.signal(DEPARTMENTS, signal.SIGSTOP)
    await town.stack.stop(second)
    zombie = await _standing(town, first, standing)
    town.lay_ready(second, "failpoint", dying.replace("@", ":kill@"))
    await _up(town, second)
    before = town.stack.restarts(second)

    async def died() -> bool:
        return town.stack.restarts(second) > before

    async def died_or_took_over() -> bool:
        return await died() or not await consumer_lags(town.kafka, GROUP_OF[step.on])

    with suppress(AssertionError):
        await eventually(died_or_took_over, within=UP_WITHIN, every=0.2)
    town.go_on(departments)
    with suppress(AssertionError):
        await eventually(died, within=UP_WITHIN, every=0.01)
    town.go_on(zombie)


async def cut_off(scene: Scene, step: Step) -> None:
    """A member is about to take a step when the broker freezes; it is killed shortly after, and then the broker is.

    What it had sent meanwhile is nowhere.
    """
    town = scene.town
    pid = await _standing(town, step.on, step.how)
    town.signal("kafka", signal.SIGSTOP)
    town.go_on(pid)
    await asyncio.sleep(step.seconds)
    await town.kill(step.on)
    await town.kill("kafka")


def _members(process: str) -> list[str]:
    """Both replicas of a process."""
    return [name for name, module in MEMBERS.items() if module == MEMBERS[process]]


async def _standing(town: Town, name: str, where: str) -> int | None:
    """End this life of `name`; the next one, once it stands still where it is told to. None when it never gets there."""
    town.lay_ready(name, "failpoint", where.replace("@", ":stop@"))
    await town.kill(name)

    async def stopped() -> int | None:
        pid = town.stack.pid(name)
        return pid if pid is not None and _state_of(pid) == "T" else None

    with suppress(AssertionError):
        return await eventually(stopped, within=STANDS_WITHIN, every=0.02)
    return None


def _state_of(pid: int) -> str:
    """The letter that stands for what a process does, as Linux gives it; empty when it is gone."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    return ""


def refusing(on: str) -> Manners:
    """Every answer is an error of the kind that this engine gives."""
    if on == "objects":
        return Manners(wire=wires.S3Failing())
    if on == "smtp":
        return Manners(wire=wires.MailDeferring())
    if on.endswith(WRITES):
        return Manners(wire=wires.MongoRefusing(wires.DISK_FULL, wires.WRITES))
    return Manners(wire=wires.MongoRefusing(wires.SHUTTING_DOWN))


def behaving(manners: Callable[[str], Manners]) -> Perform:
    """A proxy behaves otherwise, for so long."""

    async def behave(scene: Scene, step: Step) -> None:
        where = step.on.removesuffix(WRITES)
        scene.town.behave(where, manners(step.on))
        await asyncio.sleep(step.seconds)
        scene.town.behave(where, GOOD)

    return behave


async def say_again(scene: Scene, step: Step) -> None:
    await said_again(scene.town, scene.begin, step.on, scene.chance, shuffled=step.how == "shuffled")


async def rewind(scene: Scene, step: Step) -> None:
    """Offsets of a group are only moved while it has no member."""
    town, process = scene.town, GROUPS[step.on]
    members = _members(process)
    await asyncio.gather(*map(town.stack.stop, members))
    await rewound(town, step.on, scene.chance)
    await asyncio.gather(*(_up(town, name) for name in members))


async def _up(town: Town, name: str) -> None:
    """Whoever cannot come up now, for another fault, is started again when all is healed."""
    with suppress(StackError):
        await town.stack.restart(name)


async def poison(scene: Scene, step: Step) -> None:
    await spoiled(scene.town, step.on, scene.chance)


async def clock(scene: Scene, step: Step) -> None:
    """The process is started anew under a clock that can be moved; then it jumps, and later jumps back."""
    town = scene.town
    file = town.lay_ready(step.on, "clock", "+0")
    before = town.signal(step.on, signal.SIGTERM)

    async def another() -> bool:
        return town.stack.pid(step.on) not in (None, before)

    with suppress(AssertionError, StackError):
        await eventually(another, within=UP_WITHIN)
        await town.stack.wait_ready(step.on, UP_WITHIN)
    file.write_text(step.how, encoding="ascii")
    await asyncio.sleep(step.seconds)
    file.write_text("+0", encoding="ascii")


async def fill(scene: Scene, step: Step) -> None:
    """Not a byte is left on the disk of all engines; later there is room again."""
    scene.town.disk.fill()
    await asyncio.sleep(step.seconds)
    scene.town.disk.free()


STRIKES: Final[Mapping[str, Perform]] = {
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
