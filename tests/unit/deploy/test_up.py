"""`up` where something runs already: it says where, or in what that differs from what is wanted."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.cli.up import Wish, run
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
    runs(home)
    yield home
    home.close()


def runs(home: Home, *but: str) -> None:
    """Everything is ready, but these."""
    programs = [{"name": each, "url": "", "state": "starting" if each in but else "ready"} for each in NAMES]
    home.write_state({"supervisor": os.getpid(), "tier": EMBEDDED, "programs": programs})


def up(home: Home, *, only_engines: bool = False, gateway_port: int | None = None) -> None:
    run(Wish(home.folder, only_engines, gateway_port, None), detach=False, report_fd=None)


def gateway(home: Home) -> int:
    return home.kept_ports()["gateway"]


def test_it_says_where_the_gateway_listens_and_how_to_stop_it(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    up(home)
    said = capsys.readouterr().out
    assert said.startswith("Postigo runs already.\n")
    assert f"http://127.0.0.1:{gateway(home)}\n" in said
    assert f"down --home {home.folder}" in said


def test_the_port_at_which_it_listens_may_be_named(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    up(home, gateway_port=gateway(home))
    assert "Postigo runs already." in capsys.readouterr().out


def test_another_port_is_refused(home: Home) -> None:
    with pytest.raises(StackError, match=rf", but with the gateway at http://127.0.0.1:{gateway(home)}: stop it"):
        up(home, gateway_port=gateway(home) + 1)


def test_engines_alone_are_refused_where_everything_runs(home: Home) -> None:
    with pytest.raises(StackError, match="but with its processes: stop it"):
        up(home, only_engines=True)


def test_what_is_not_ready_is_named(home: Home) -> None:
    runs(home, "intake")
    with pytest.raises(StackError, match="but without intake: stop it"):
        up(home)
