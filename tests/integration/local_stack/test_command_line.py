"""`postigo` as a process: its output and its exit codes."""

import asyncio
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from deploy.cli.status import NOTHING_RUNS
from deploy.local import LocalStack, table
from deploy.local.guard import is_running
from deploy.local.tier import EMBEDDED, REAL
from deploy.topics import load
from tests.integration.local_stack.harness import POSTIGO, family, postigo
from tests.support.stacks import TIER
from tests.support.waiting import eventually

ENGINES = tuple(table.TIERS[TIER])
OTHER_TIER = EMBEDDED if TIER == REAL else REAL
PROCESSES = (
    "gateway",
    "gateway.worker",
    *(f"services.{name}" for name in ("documents", "intake", "notifications", "routing")),
)
STOPPING = "Stopping… Ctrl-C again kills all; the store may then lose the last moments."


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The home of engines that run in the background, started and stopped with `postigo`."""
    folder = str(tmp_path_factory.mktemp("home"))
    up = postigo("up", "--detach", "--only-engines", "--tier", TIER, "--home", folder)
    assert up.returncode == 0, up.stderr
    assert "Postigo is up after" in up.stdout
    try:
        yield folder
    finally:
        processes = family(_status(folder)["supervisor"])
        down = postigo("down", "--home", folder)
        assert "Postigo stopped after" in down.stdout
        assert not any(is_running(pid) for pid in processes)
        assert postigo("status", "--home", folder).returncode == NOTHING_RUNS


def test_status_lists_the_running_programs(home: str) -> None:
    report = _status(home)

    assert report["running"]
    assert [(row["name"], row["state"], row["restarts"]) for row in report["programs"]] == [
        (name, "ready", 0) for name in ENGINES
    ]
    assert all(row["pid"] and row["memory_mb"] > 1 and row["url"] for row in report["programs"])
    assert "127.0.0.1" in postigo("status", "--home", home).stdout


async def test_status_probes_every_program_now(home: str) -> None:
    [pid] = [row["pid"] for row in _status(home)["programs"] if row["name"] == "mail"]
    process = await asyncio.create_subprocess_exec("kill", "-STOP", str(pid))
    await process.wait()
    try:
        assert {row["name"]: row["state"] for row in _status(home)["programs"]}["mail"] == "not ready"
    finally:
        process = await asyncio.create_subprocess_exec("kill", "-CONT", str(pid))
        await process.wait()


@pytest.mark.parametrize("options", [(), ("--detach",), ("--tier", TIER)])
def test_a_second_up_in_the_same_folder_prints_the_addresses_and_succeeds(home: str, options: tuple[str, ...]) -> None:
    report = _status(home)
    second = postigo("up", "--only-engines", *options, "--home", home)

    assert (second.returncode, second.stderr) == (0, "")
    assert second.stdout.startswith("Postigo already runs.\n")
    assert {row["url"] for row in report["programs"]} <= {*second.stdout.split()}
    assert f"postigo down --home {home}" in second.stdout
    assert _status(home)["supervisor"] == report["supervisor"]


@pytest.mark.parametrize(
    ("options", "difference"),
    [
        ((), f"without {', '.join(sorted(table.PROCESSES))}"),
        (("--only-engines", "--tier", OTHER_TIER), f"on the {TIER} engines"),
    ],
)
def test_a_second_up_with_different_options_is_rejected(home: str, options: tuple[str, ...], difference: str) -> None:
    report = _status(home)
    for how in ((), ("--detach",)):
        second = postigo("up", *how, *options, "--home", home)

        assert (second.returncode, second.stdout) == (1, "")
        assert second.stderr == (
            f"postigo: Postigo already runs in {home} (pid {report['supervisor']}), but {difference}: "
            f"stop it with 'postigo down --home {home}', or choose another folder with --home DIR.\n"
        )
    assert _status(home)["running"]


async def test_a_demonstration_uses_the_running_stack_and_leaves_it_running(home: str) -> None:
    demo = await asyncio.create_subprocess_exec(
        *POSTIGO, "demo", "--once", "--home", home, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    assert demo.stdout is not None
    line = await asyncio.wait_for(demo.stdout.readline(), 20)
    demo.send_signal(signal.SIGINT)
    _, error = await asyncio.wait_for(demo.communicate(), 20)

    assert line == b"Postigo already runs: the demonstration uses it and leaves it running.\n"
    assert (demo.returncode, error) == (1, b"postigo: The demonstration was stopped before its end.\n")
    assert [row["state"] for row in _status(home)["programs"]] == ["ready"] * len(ENGINES)


def test_logs_shows_the_last_lines_and_lists_the_names_for_an_unknown_one(home: str) -> None:
    assert len(postigo("logs", "kafka", "--lines", "1", "--home", home).stdout.splitlines()) == 1
    unknown = postigo("logs", "nobody", "--home", home)

    assert unknown.returncode == 1
    assert "choose one of " + ", ".join(sorted((*ENGINES, "postigo"))) + "." in unknown.stderr


def test_logs_without_a_name_lists_every_log_with_its_last_line(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "intake.log").write_text("first\nlast [line]\n\n", encoding="utf-8")
    (logs / "mail.log").touch()
    (logs / "intake.log.1").touch()

    listed = postigo("logs", "--home", str(tmp_path))

    assert listed.returncode == 0
    assert [line.split() for line in listed.stdout.splitlines()] == [
        ["intake", "19", "bytes", "last", "[line]"],
        ["mail", "empty"],
        [],
        ["To", "read", "one:", "postigo", "logs", "NAME", "--home", str(tmp_path)],
    ]


def test_logs_before_the_first_start_prints_what_to_do(tmp_path: Path) -> None:
    listed, named = (postigo("logs", *name, "--home", str(tmp_path)) for name in ((), ("intake",)))
    hint = f"start something with 'postigo up --home {tmp_path}' first.\n"
    assert (listed.returncode, named.returncode) == (0, 1)
    assert listed.stdout.endswith(hint)
    assert named.stderr.endswith(hint)


def test_the_version_is_that_of_the_package() -> None:
    assert postigo("--version").stdout == f"postigo {metadata.version('postigo')}\n"


async def test_logs_follows_a_file_that_grows_is_renamed_and_is_truncated(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "intake.log"
    log.parent.mkdir()
    log.write_text("first\nsecond\n", encoding="utf-8")
    following = await asyncio.create_subprocess_exec(
        *POSTIGO, "logs", "intake", "-f", "-n", "1", "--home", str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert following.stdout is not None
    assert await asyncio.wait_for(following.stdout.readline(), 10) == b"second\n"
    with log.open("a", encoding="utf-8") as file:
        file.write("third\n")
    assert await asyncio.wait_for(following.stdout.readline(), 10) == b"third\n"
    # The new file is longer than the old one ever was, so its size does not show that it is new.
    with log.open("a", encoding="utf-8") as file:
        file.write("fourth\n")
    log.rename(log.with_suffix(".log.1"))
    log.write_text("new" * 100 + "\n", encoding="utf-8")
    assert await asyncio.wait_for(following.stdout.readline(), 10) == b"fourth\n"
    assert await asyncio.wait_for(following.stdout.readline(), 10) == b"new" * 100 + b"\n"
    log.write_text("", encoding="utf-8")
    log.write_text("again\n", encoding="utf-8")
    assert await asyncio.wait_for(following.stdout.readline(), 10) == b"again\n"
    following.send_signal(signal.SIGINT)
    assert await following.wait() == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_stop_signal_during_the_start_stops_everything(tmp_path: Path, number: signal.Signals) -> None:
    up = await asyncio.create_subprocess_exec(
        *POSTIGO, "up", "--only-engines", "--home", str(tmp_path), stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert up.stdout is not None
    assert await asyncio.wait_for(up.stdout.readline(), 20) == b"kafka starting\n"
    processes = family(up.pid)

    up.send_signal(number)
    _, error = await asyncio.wait_for(up.communicate(), 20)

    assert (up.returncode, error) == (1, b"postigo: Postigo was stopped before it was up.\n")
    assert not any(is_running(pid) for pid in processes)


async def test_ctrl_c_in_the_foreground_stops_in_order(tmp_path: Path) -> None:
    up = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _UP_WITH_MAIL_ONLY, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert up.stdout is not None
    seen = b""

    async def is_up() -> bool:
        nonlocal seen
        assert up.stdout is not None
        seen += await up.stdout.readline()
        return b"stop" in seen

    await eventually(is_up)
    processes = family(up.pid)
    up.send_signal(signal.SIGINT)
    rest = await asyncio.wait_for(up.stdout.read(), 20)

    assert await up.wait() == 0
    assert rest.decode().splitlines() == [STOPPING, "mail stopped", "Stopped; the data is kept."]
    assert not any(is_running(pid) for pid in processes)


def test_a_home_that_is_empty_or_cannot_be_created_is_an_error() -> None:
    empty = postigo("status", "--home", "")
    assert empty.returncode == 2
    assert "Invalid value for '--home': it is empty" in empty.stderr
    assert "Invalid value for '--home': it is empty" in postigo("dlq", "list", "--home", "").stderr
    nowhere = postigo("up", "--detach", "--home", "/proc/nowhere")
    assert nowhere.returncode == 1
    assert nowhere.stderr == "postigo: /proc/nowhere cannot be created: choose another folder with --home DIR.\n"


@pytest.mark.parametrize("module", PROCESSES)
def test_a_process_names_its_missing_variables(module: str) -> None:
    result = subprocess.run(
        [sys.executable, "-m", module], check=False, env={}, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert result.returncode == 2
    assert "KAFKA_URL: Field required\n" in result.stderr
    assert result.stderr.endswith("Each variable is explained in .env.example.\n")


def test_an_invalid_variable_is_named_without_its_value() -> None:
    env = {
        "SMTP_URL": "smtp://user:canary-1@mail",
        "INTERNAL_PORT": "canary-2",
        "POSTIGO_INTERNAL_SECRET": "canary-3",
    }
    result = subprocess.run(
        [sys.executable, "-m", "services.notifications"], check=False, env=env, capture_output=True, text=True
    )
    assert result.returncode == 2
    assert {line.partition(":")[0] for line in result.stderr.splitlines()} >= env.keys()
    assert "canary" not in result.stderr


def test_a_gateway_port_in_use_is_an_error_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        up = postigo("up", "--gateway-port", str(port), "--home", str(tmp_path))

    assert up.returncode == 1
    assert up.stderr == (
        f"postigo: Port {port} is in use by another program: stop that program, or choose another port "
        "with --gateway-port PORT.\n"
    )
    assert up.stdout == ""


def test_down_without_a_running_stack_is_no_error(tmp_path: Path) -> None:
    down = postigo("down", "--home", str(tmp_path))

    assert (down.returncode, down.stdout) == (0, f"Nothing runs in {tmp_path}.\n")


def test_topics_apply_prints_one_line_for_each_topic(engines: LocalStack) -> None:
    options = ("--kafka-url", engines.env["KAFKA_URL"], "--replicas", "1", "--min-insync", "1")
    applied = postigo("topics", "apply", *options)
    *lines, total = applied.stdout.splitlines()

    assert [line.split(maxsplit=1) for line in lines] == [[topic.name, "as declared"] for topic in load()]
    assert total == f"{len(load())} topics, 0 changed."


def test_topics_apply_without_a_broker_fails_with_one_sentence() -> None:
    applied = postigo("topics", "apply", "--kafka-url", "127.0.0.1:1")

    assert applied.returncode == 1
    assert applied.stderr == (
        "postigo: No broker answers at 127.0.0.1:1: check that it runs and that the address is right.\n"
    )


# The whole command with one engine: the others would only take time.
_UP_WITH_MAIL_ONLY = """
import sys
from functools import partial
from deploy.cli import main, up
up.LocalStack = partial(up.LocalStack, engines=["mail"])
sys.argv[1:] = ["up", "--only-engines", "--home", sys.argv[1]]
main()
"""


def _status(home: str) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(postigo("status", "--json", "--home", home).stdout)
    return report
