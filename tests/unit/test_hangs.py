"""A test whose timeout is lost in a callback ends its worker, and says where it waits."""

import os
import subprocess
import sys
from pathlib import Path

CONFTEST = """
from tests.support.hangs import HangWatchdog

def pytest_configure(config):
    config.pluginmanager.register(HangWatchdog(grace=0.3))
"""

HANGS = """
import asyncio
import pytest

def spin():
    while True:
        pass

async def waits_for_nobody():
    await asyncio.Event().wait()

@pytest.mark.asyncio
@pytest.mark.timeout(0.3)
async def test_on_and_on():
    asyncio.get_running_loop().call_soon(spin)
    await waits_for_nobody()
"""


def test_where_a_test_hangs_is_said_and_its_worker_ends(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_hangs.py").write_text(HANGS)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    environment = os.environ | {"PYTHONPATH": str(Path.cwd())}
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "--quiet", "--capture=fd"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 1
    assert "test_hangs.py::test_on_and_on hangs, and its timeout did not end it." in ended.stderr
    assert "await waits_for_nobody()" in ended.stderr
