"""Any life of a request through the API and the topics of departments: the system does what the model of the table says.

Its clock is the real one, and no day passes: nothing lapses, nobody is reminded, and no term is missed. The machine over the
domain (`tests/unit/life`) has days that pass.
"""

import asyncio
import json
import os
from collections import Counter
from functools import partial
from typing import Final

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from deploy.local.table import PROCESSES
from deploy.topics import load
from services.common.contracts import topics
from tests.integration.life.again import AgainSteps
from tests.integration.life.races import RaceSteps
from tests.integration.life.system import System
from tests.integration.life.wrong import WrongSteps
from tests.support.topics import header, read_all
from tests.support.waiting import eventually

STEPS: Final = int(os.environ.get("POSTIGO_SYSTEM_LIFE_STEPS", "2000"))
"""Steps of the machine in all."""

EXAMPLE: Final = 100
"""Steps of one example, which its lives share."""

SETTINGS: Final = settings(
    max_examples=max(1, STEPS // EXAMPLE),
    stateful_step_count=EXAMPLE,
    deadline=None,
    database=None,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=[HealthCheck.too_slow],
)


ENDINGS: Final = frozenset({"pt.postigo.delivery.sent.v1", "pt.postigo.delivery.skipped.v1"})


class WholeLife(RaceSteps, AgainSteps, WrongSteps):
    pass


@pytest.mark.timeout(600 + STEPS)
async def test_the_system_does_what_the_model_says(system: System) -> None:
    class OfThisSystem(WholeLife):
        def __init__(self) -> None:
            super().__init__(system)

    await asyncio.to_thread(run_state_machine_as_test, OfThisSystem, settings=SETTINGS)
    system.streams.require_sound()
    await eventually(partial(every_notice_has_ended, system), within=120, every=0.5)
    await require_no_fault_of_ours(system)


async def every_notice_has_ended(system: System) -> bool:
    """Each was sent, or skipped because a later one was, and none twice."""
    records = await read_all(system.stack.env["KAFKA_URL"], topics.DELIVERIES)
    ended = Counter(json.loads(record.value or b"{}")["event_id"] for record in records)
    assert {header(record, "ce_type") for record in records} <= ENDINGS
    assert max(ended.values()) == 1
    assert system.notices <= set(ended)
    return True


async def require_no_fault_of_ours(system: System) -> None:
    """No process died, and the only dead letters are the commands that nobody can read."""
    assert {name: system.stack.restarts(name) for name in PROCESSES} == dict.fromkeys(PROCESSES, 0)
    letters = await read_all(system.stack.env["KAFKA_URL"], *(each.name for each in load() if ".dlq." in each.name))
    assert all(".outbox.v1.dlq.routing" in letter.topic for letter in letters)
    assert len(letters) == system.unreadable
