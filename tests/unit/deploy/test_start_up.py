"""The commands that people wait for at a terminal load only what they need."""

import subprocess
import sys

import pytest

SLOW = ("faststream", "deploy.operator.session", "services.common.contracts")
"""What operators' commands need: half a second of processor time."""


@pytest.mark.parametrize("command", ["app", "status", "logs"])
def test_a_command_of_the_local_stack_loads_nothing_of_operators(command: str) -> None:
    program = f"import sys, deploy.cli.app, deploy.cli.{command}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert not set(SLOW) & set(loaded)
