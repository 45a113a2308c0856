"""The process itself: from the fact on the topic to the mail, killed at every step, stopped in order."""

import asyncio
import signal

from services.common.contracts.lifecycle import DocumentRefused, RequestAnswered, RequestConcluded
from services.common.messaging.failpoints import Failpoint
from services.notifications.domain import Status
from tests.integration.notifications.notifications_environment import NotificationsEnvironment
from tests.support.waiting import eventually
from tests.unit.notifications.builders import fact

STEPS = [point for point in Failpoint if point.startswith("delivery-")]


async def test_a_kill_at_any_step_loses_no_notice_and_makes_no_second_one(
    environment: NotificationsEnvironment,
) -> None:
    """One life after another, each killed one step later than the last, each with new work and what the last one left.

    Starting a process is most of what this takes, so that every life is also the restart after the one before it.
    """
    for point in STEPS:
        await environment.due(*[environment.person() for _ in range(3)])
        life = await environment.start(f"{point}:kill")
        assert await asyncio.wait_for(life.wait(), 30) == -signal.SIGKILL, f"{point} was never reached"
    await environment.start()
    await eventually(environment.everybody_was_mailed_once)
    assert len(environment.expected) == 3 * len(STEPS)


async def test_a_life_of_facts_becomes_its_mails(environment: NotificationsEnvironment) -> None:
    """The first process is killed right after it made deliveries; then two share the work, and end in order."""
    ana, rui = environment.person(), environment.person(language="en")
    armed = await environment.start(f"{Failpoint.INSERTED}:kill")
    await environment.register(ana, rui)
    assert await asyncio.wait_for(armed.wait(), 30) == -signal.SIGKILL
    first, second = await environment.start(instance="1"), await environment.start(instance="2")
    await eventually(lambda: environment.ready("1"))
    await eventually(lambda: environment.ready("2"))
    carla, jo = environment.person(), environment.person()
    await environment.publish(
        fact(RequestAnswered, account_id=carla),
        fact(RequestConcluded, account_id=carla),
        fact(DocumentRefused, account_id=jo),
    )
    await eventually(environment.everybody_was_mailed_once)
    assert len(environment.mail.mails) == len(environment.expected) == 4
    await _ends(first)
    environment.mail.hold.clear()
    (in_hand,) = await environment.due(environment.person())
    await environment.ended(in_hand, Status.SENDING)
    asyncio.get_running_loop().call_later(0.3, environment.mail.hold.set)
    await _ends(second)
    assert await environment.everybody_was_mailed_once()


async def _ends(process: asyncio.subprocess.Process) -> None:
    """Told to stop, the process ends by that very signal, in order and in time."""
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 20) == -signal.SIGTERM
