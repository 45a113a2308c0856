"""`postigo status`."""

import asyncio
import json
import os
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from deploy.cli.printing import ago
from deploy.local import table as tables
from deploy.local.hints import typed
from deploy.local.home import Home
from deploy.local.program import State
from deploy.local.tier import EMBEDDED, Tier

# The exit code of an init script for a program that does not run (LSB); 1 means that the command failed.
NOTHING_RUNS = 3

PROBE_SECONDS = 2.0
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")

METRICS = "Metrics are at /metrics of a process; where it has an internal address, at that one."

COLOURS = {State.READY: "green", State.STOPPED: "dim", State.FAILED: "red"}


def run(folder: Path, *, as_json: bool) -> None:
    """Print the programs. Exit code `NOTHING_RUNS` when there are none."""
    home = Home(folder)
    supervisor = home.owner()
    rows = asyncio.run(_rows(home)) if supervisor else []
    if as_json:
        report = {"running": bool(supervisor), "supervisor": supervisor, "home": str(home.folder), "programs": rows}
        print(json.dumps(report, indent=1))
    elif supervisor:
        # In a pipe there is no terminal width: do not cut cells.
        console = Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=200)
        console.print(_table(rows))
        console.print(METRICS, style="dim", soft_wrap=True)
    else:
        print(
            f"Nothing runs in {home.folder}: start it with '{typed('up', home=folder)}' or '{typed('demo', home=folder)}'."
        )
    sys.exit(0 if supervisor else NOTHING_RUNS)


async def _rows(home: Home) -> list[dict[str, Any]]:
    state = home.state()
    tier = state.get("tier", EMBEDDED)
    ports = home.kept_ports()
    return list(await asyncio.gather(*(_row(tier, ports, program) for program in state.get("programs", []))))


async def _row(tier: Tier, ports: dict[str, int], program: dict[str, Any]) -> dict[str, Any]:
    pid, started_at = program["pid"], program["started_at"]
    return {
        "name": program["name"],
        "kind": program["kind"],
        "pid": pid,
        "url": program["url"],
        "internal_url": tables.internal_url(program["name"], ports),
        "state": await _state_now(tier, ports, program),
        "uptime_seconds": round(time.time() - started_at, 1) if pid else None,
        "restarts": program["restarts"],
        "memory_mb": _resident_mb(pid) if pid else None,
    }


async def _state_now(tier: Tier, ports: dict[str, int], program: dict[str, Any]) -> str:
    """The state that the supervisor wrote; a ready program is also probed now."""
    state = str(program["state"])
    probe = tables.probe_of(tier, program["name"], ports)
    if state != State.READY or probe is None:
        return state
    try:
        await asyncio.wait_for(probe(), PROBE_SECONDS)
    except Exception:  # each client raises exceptions of its own
        return "not ready"
    return state


def _resident_mb(pid: int) -> float | None:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError):
        return None
    return round(pages * PAGE_BYTES / 1_000_000, 1)


def _table(rows: list[dict[str, Any]]) -> Table:
    """At most eighty columns. Restarts have a column only if there were any."""
    restarted = any(row["restarts"] for row in rows)
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for heading in ("name", "pid", "address", "state", "up", "MB", *(["restarts"] if restarted else [])):
        right = heading in {"pid", "up", "restarts", "MB"}
        table.add_column(heading, justify="right" if right else "left", no_wrap=True, overflow="fold")
    for row in rows:
        colour = COLOURS.get(row["state"], "yellow")
        memory = "" if row["memory_mb"] is None else f"{row['memory_mb']:.0f}"
        restarts = [f"[yellow]{row['restarts'] or ''}[/]"] if restarted else []
        state, up = f"[{colour}]{row['state']}[/]", _duration(row["uptime_seconds"])
        table.add_row(row["name"], str(row["pid"] or ""), row["url"], state, up, memory, *restarts)
        if row["internal_url"] not in {None, row["url"]}:
            table.add_row("  internal", "", row["internal_url"])
    total = sum(row["memory_mb"] or 0 for row in rows)
    table.add_row("", "", "", "", "", f"{total:.0f}", style="dim")
    return table


def _duration(seconds: float | None) -> str:
    return "" if seconds is None else ago(datetime.now(UTC) - timedelta(seconds=seconds))
