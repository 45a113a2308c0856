"""Any life of a request through the API and the topics of departments: the system does what the model of the table says.

Its clock is the real one, and no day passes: nothing lapses, nobody is reminded, and no term is missed. The machine over the
domain (`tests/unit/life`) has days that pass.
"""

import asyncio
import os
from typing import Final

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.integration.life.department import DepartmentSteps
from tests.integration.life.person import PersonSteps
from tests.integration.life.system import System

STEPS: Final = int(os.environ.get("POSTIGO_SYSTEM_LIFE_STEPS", "2000"))
"""Steps of the machine in all."""

EXAMPLE: Final = 100
"""Steps of one example, which its lives share."""

SETTINGS: Final = settings(
    max_examples=max(1, STEPS // EXAMPLE),
    stateful_step_count=EXAMPLE,
    database=None,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)


class WholeLife(PersonSteps, DepartmentSteps):
    pass


@pytest.mark.timeout(600 + STEPS)
async def test_the_system_does_what_the_model_says(system: System) -> None:
    class OfThisSystem(WholeLife):
        def __init__(self) -> None:
            super().__init__(system)

    await asyncio.to_thread(run_state_machine_as_test, OfThisSystem, settings=SETTINGS)
