"""apt-get waits for another apt. The tests use the real apt-get with a system of its own in a folder, and hold its locks."""

import io
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import which

import pytest
from rich.console import Console

from deploy.cli.screen import Lines, sentence
from deploy.local import apt, install
from deploy.local.errors import StackError
from deploy.local.program import State, Step

pytestmark = pytest.mark.skipif(which("apt-get") is None, reason="needs apt-get")

UPDATE = ("update",)
INSTALL = ("install", "--yes", "no-such-package")

LOCKS = [
    ("state/lists/lock", UPDATE),
    ("dpkg/lock-frontend", INSTALL),
    ("dpkg/lock", INSTALL),
    ("dpkg/lock-frontend", ("remove", "--yes", "no-such-package")),
    ("cache/archives/lock", ("clean",)),
]


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty Debian system for apt: no sources and no packages."""
    for folder in ("state/lists/partial", "cache/archives/partial", "etc/apt.conf.d", "dpkg", "log"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "dpkg" / "status").touch()
    places = {"State": "state", "State::status": "dpkg/status", "Cache": "cache", "Etc": "etc", "Log": "log"}
    lines = [f'Dir::{name} "{tmp_path / place}";' for name, place in places.items()]
    (tmp_path / "apt.conf").write_text("\n".join(lines), encoding="ascii")
    monkeypatch.setenv("APT_CONFIG", str(tmp_path / "apt.conf"))
    return tmp_path


HOLD = """
import fcntl, sys
file = open(sys.argv[1], "w")
fcntl.lockf(file, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def held(lock: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another program holds the lock until its standard input is closed."""
    command = [sys.executable, "-I", "-S", "-c", HOLD, str(lock)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield holder


@pytest.mark.parametrize(("lock", "command"), LOCKS)
def test_apt_runs_when_the_other_one_has_finished(
    system: Path, lock: str, command: Sequence[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apt, "RETRY_SECONDS", 0.01)
    lines: list[str] = []
    with held(system / lock) as holder:

        def release(line: str) -> None:
            lines.append(line)
            if holder.stdin is not None and len(lines) == 2:
                holder.stdin.close()
                holder.wait()

        error = apt.apt_get(*command, waiting=release)
        assert "lock" not in error
        assert len(lines) == 2
        assert all(line.startswith(f"waits for another apt: process {holder.pid} (python") for line in lines), lines


@pytest.mark.parametrize(("lock", "command"), LOCKS)
def test_the_wait_ends_with_an_error_that_names_the_other_program(
    system: Path, lock: str, command: Sequence[str]
) -> None:
    with held(system / lock) as holder, pytest.raises(StackError, match=rf"process {holder.pid} \(python"):
        apt.apt_get(*command, waiting=lambda _: None, timeout=0)


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (UPDATE, ""),
        (INSTALL, "Unable to locate package no-such-package"),
        (("no-such-command",), "Invalid operation no-such-command"),
        (("install", "--no-such-option"), "Command line option --no-such-option is not understood"),
    ],
)
def test_other_errors_of_apt_are_returned_at_once(system: Path, command: Sequence[str], error: str) -> None:
    def waiting(line: str) -> None:
        pytest.fail(line)

    assert error in apt.apt_get(*command, waiting=waiting)


def test_engines_install_says_that_it_waits_and_then_why_apt_failed(
    system: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "bin").mkdir()
    found = which("apt-get")
    assert found is not None
    (tmp_path / "bin" / "apt-get").symlink_to(found)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}")
    steps: list[Step] = []
    with held(system / "dpkg" / "lock-frontend") as holder:

        def observe(step: Step) -> None:
            steps.append(step)
            if holder.stdin is not None:
                holder.stdin.close()
                holder.wait()

        with pytest.raises(StackError, match=r"could not install it \(Unable to locate package debootstrap\)"):
            install.debootstrap(install.Build("debian", tmp_path / "log", observe))
    (step,) = steps
    assert (step.name, step.state) == ("debian", State.WAITING)
    assert sentence(step).startswith(f"debian waits for another apt: process {holder.pid} (python")


def test_a_wait_is_printed_once_and_again_when_its_reason_changes() -> None:
    output = io.StringIO()
    screen = Lines(Console(file=output, width=200))
    for detail in ("waits for one", "waits for one", "waits for another", "waits for one"):
        screen.show(Step("debian", State.WAITING, detail=detail))
    screen.show(Step("debian", State.READY, 1.0))
    assert output.getvalue().splitlines() == [
        "debian waits for one",
        "debian waits for another",
        "debian ready after 1.0 s",
    ]
