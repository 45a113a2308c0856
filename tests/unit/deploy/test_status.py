"""`postigo status` on a terminal of eighty columns, with the longest names, addresses and states."""

from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from deploy.cli.status import _table
from deploy.local.table import PROCESSES, TIERS, internal_url

PORTS = {name: 20_000 + number for number, name in enumerate([*PROCESSES, "gateway-internal"])}


def row(name: str, url: str, restarts: int) -> dict[str, Any]:
    return {
        "name": name,
        "kind": "process",
        "pid": 123456,
        "url": url,
        "internal_url": internal_url(name, PORTS),
        "state": "not ready",
        "uptime_seconds": 45_000.0,
        "restarts": restarts,
        "memory_mb": 412.3,
    }


def printed(restarts: int) -> list[str]:
    engines = [row(name, engine.url.format("127.0.0.1:25432"), restarts) for name, engine in TIERS["embedded"].items()]
    processes = [row(name, f"http://127.0.0.1:{PORTS[name]}", restarts) for name in PROCESSES]
    screen = StringIO()
    Console(file=screen, width=80).print(_table([*engines, *processes]))
    return [line.rstrip() for line in screen.getvalue().splitlines()]


@pytest.mark.parametrize("restarts", [0, 3])
def test_no_word_is_cut_at_eighty_columns(restarts: int) -> None:
    head, *lines = printed(restarts)
    assert head.split() == ["name", "pid", "address", "state", "up", "MB", *(["restarts"] if restarts else [])]
    programs = [line.split() for line in lines if "not ready" in line]
    assert {words[0] for words in programs} == {*TIERS["embedded"], *PROCESSES}
    about = ["123456", "not", "ready", "12", "h", "412", *([str(restarts)] if restarts else [])]
    assert all([words[1], *words[3:]] == about for words in programs)


def test_the_internal_address_of_the_gateway_is_below_its_public_one() -> None:
    lines = printed(0)
    (place,) = [number for number, line in enumerate(lines) if line.startswith("gateway ")]
    assert f"http://127.0.0.1:{PORTS['gateway']}" in lines[place]
    assert lines[place + 1].split() == ["internal", f"http://127.0.0.1:{PORTS['gateway-internal']}"]
    assert sum("internal" in line for line in lines) == 1
