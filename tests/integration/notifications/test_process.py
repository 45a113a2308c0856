"""The process itself: from the fact on the topic to the mail, killed at every step, stopped in order."""

import asyncio
import signal

from services.common.contracts.lifecycle import DocumentRefused, RequestAnswered, RequestConcluded
from services.common.messaging.failpoints import Failpoint
from services.notifications.domain import Status
from tests.integration.notifications.house import House
from tests.support.waiting import eventually
from tests.unit.notifications.builders import fact

STEPS = [point for point in Failpoint if point.startswith("delivery-")]


async def test_a_kill_at_any_step_loses_no_notice_and_makes_no_second_one(town: House) -> None:
    """One life after another, each killed one step later than the last, each with new work and what the last one left.

    Starting a process is most of what this takes, so that every life is also the restart after the one before it.
    """
    for point in STEPS:
        await town.due(*[town.person() for _ in range(3)])
        life = await town.start(f"{point}:kill")
        assert await asyncio.wait_for(life.wait(), 30) == -signal.SIGKILL, f"{point} was never reached"
    await town.start()
    await eventually(town.everybody_was_told_once)
    assert len(town.told) == 3 * len(STEPS)


async def test_a_life_of_facts_becomes_its_mails(town: House) -> None:
    """The first process is killed right after it made deliveries; then two share the work, and end in order."""
    ana, rui = town.person(), town.person(language="en")
    armed = await town.start(f"{Failpoint.MADE}:kill")
    await town.register(ana, rui)
    assert await asyncio.wait_for(armed.wait(), 30) == -signal.SIGKILL
    first, second = await town.start(instance="1"), await town.start(instance="2")
    await eventually(lambda: town.ready("1"))
    await eventually(lambda: town.ready("2"))
    carla, jo = town.person(), town.person()
    await town.say(
        fact(RequestAnswered, account_id=carla),
        fact(RequestConcluded, account_id=carla),
        fact(DocumentRefused, account_id=jo),
    )
    await eventually(town.everybody_was_told_once)
    assert len(town.mail.mails) == len(town.told) == 4
    await _ends(first)
    town.mail.hold.clear()
    (in_hand,) = await town.due(town.person())
    await town.ended(in_hand, Status.SENDING)
    asyncio.get_running_loop().call_later(0.3, town.mail.hold.set)
    await _ends(second)
    assert await town.everybody_was_told_once()


async def _ends(process: asyncio.subprocess.Process) -> None:
    """Told to stop, the process ends by that very signal, in order and in time."""
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 20) == -signal.SIGTERM
