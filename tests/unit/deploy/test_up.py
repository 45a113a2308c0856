"""`up` while a stack runs: it prints the addresses, or an error when the stack differs from the options."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.cli.up import Options, run
from deploy.local import StackError, table
from deploy.local.home import Home
from deploy.local.tier import EMBEDDED

PORT = 20_000
NAMES = (*table.TIERS[EMBEDDED], *table.PROCESSES)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A home in which this process claims to run everything."""
    home = Home(tmp_path)
    home.open()
    (tmp_path / "ports.json").write_text(
        "{" + ", ".join(f'"{name}": {PORT + number}' for number, name in enumerate(table.port_names(EMBEDDED))) + "}"
    )
    write_state(home)
    yield home
    home.close()


def write_state(home: Home, *starting: str) -> None:
    """All programs are ready, except those that are `starting`."""
    programs = [{"name": each, "url": "", "state": "starting" if each in starting else "ready"} for each in NAMES]
    home.write_state({"supervisor": os.getpid(), "tier": EMBEDDED, "programs": programs})


def up(home: Home, *, only_engines: bool = False, gateway_port: int | None = None) -> None:
    run(Options(home.folder, only_engines, gateway_port, None), detach=False, report_fd=None)


def gateway(home: Home) -> int:
    return home.kept_ports()["gateway"]


def test_it_prints_where_the_gateway_listens_and_how_to_stop_it(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    up(home)
    output = capsys.readouterr().out
    assert output.startswith("Postigo already runs.\n")
    assert f"http://127.0.0.1:{gateway(home)}\n" in output
    assert f"down --home {home.folder}" in output


def test_the_current_port_of_the_gateway_is_accepted(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    up(home, gateway_port=gateway(home))
    assert "Postigo already runs." in capsys.readouterr().out


def test_another_port_is_rejected(home: Home) -> None:
    with pytest.raises(StackError, match=rf", but with the gateway at http://127.0.0.1:{gateway(home)}: stop it"):
        up(home, gateway_port=gateway(home) + 1)


def test_only_engines_is_rejected_while_the_processes_run(home: Home) -> None:
    with pytest.raises(StackError, match="but with its processes: stop it"):
        up(home, only_engines=True)


def test_the_error_names_a_program_that_is_not_ready(home: Home) -> None:
    write_state(home, "intake")
    with pytest.raises(StackError, match="but without intake: stop it"):
        up(home)
