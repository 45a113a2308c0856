"""A failpoint stands between any two awaits of the kernel, of a submission and of an act, so that tests can kill there.

The test reads the source: two awaits of one function without a failpoint between them fail it.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

COVERED = (
    "gateway/requests/acts.py",
    "gateway/requests/publish.py",
    "gateway/requests/request_command.py",
    "gateway/requests/submissions.py",
    "services/common/messaging/handlers/aggregate_processor.py",
    "services/common/messaging/consumer/batch_processor.py",
    "services/common/messaging/consumer/crash_guard.py",
    "services/common/messaging/consumer/offset_committer.py",
    "services/common/messaging/records/dead_letters.py",
    "services/common/messaging/consumer/crash_journal.py",
    "services/common/messaging/handlers/inserter.py",
    "services/common/messaging/consumer/poller.py",
    "services/common/messaging/handlers/projection.py",
    "services/common/messaging/consumer/subscription.py",
    "services/common/messaging/sweeper.py",
    "services/common/store/aggregates.py",
)

HARMLESS = (
    "asyncio.sleep",
    "sleep_with_jitter",
    "asyncio.timeout",
    "self._asked",
    "self._claim",
    "self._counted",
    "self._linked",
    "self._repeated",
    "self._offsets_lock",
    "self.batch_lock",
    "self._mark_processed",
    "self._drain_commits",
    "self._subscription.batch_lock",
    "consumer.getmany",
    "consumer.position",
    "self._poll",
    "_fetch_shares",
    "_fetch",
    "self._subscription.processed_offsets",
)
"""Awaits without an effect outside the process (sleeps, waits for a commit, timeouts, polls, reads, locks and limits), or with a
failpoint of their own at the end.
"""

LIFECYCLE = {"start", "stop", "on_partitions_revoked", "on_partitions_assigned", "measure"}
"""Functions that process no record."""


def steps(function: ast.AsyncFunctionDef) -> Iterator[tuple[str, int]]:
    """The awaits and failpoints of a function in source order: ("await" or "failpoint", line)."""
    found: list[tuple[int, int, str]] = []
    for node in ast.walk(function):
        if isinstance(node, ast.Await) and not _is_harmless(node.value):
            found.append((node.lineno, node.col_offset, "await"))
        elif isinstance(node, ast.AsyncWith | ast.AsyncFor):
            expressions = [item.context_expr for item in node.items] if isinstance(node, ast.AsyncWith) else [node.iter]
            if not all(_is_harmless(expression) for expression in expressions):
                found.append((node.lineno, node.col_offset, "await"))
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "reach":
            found.append((node.lineno, node.col_offset, "failpoint"))
    for line, _, kind in sorted(found):
        yield kind, line


def _is_harmless(expression: ast.expr) -> bool:
    text = ast.unparse(expression)
    return any(text.startswith(known) for known in HARMLESS)


def functions(path: str) -> list[ast.AsyncFunctionDef]:
    tree = ast.parse((ROOT / path).read_text())
    return [node for node in ast.walk(tree) if isinstance(node, ast.AsyncFunctionDef) and node.name not in LIFECYCLE]


@pytest.mark.parametrize("path", COVERED)
def test_two_awaits_have_a_failpoint_between_them(path: str) -> None:
    uncovered = []
    for function in functions(path):
        previous = "failpoint"
        for kind, line in steps(function):
            if kind == previous == "await":
                uncovered.append(f"{path}:{line} in {function.name}")
            previous = kind
    assert not uncovered


def test_the_check_finds_two_awaits_without_a_failpoint() -> None:
    source = "async def f():\n    await a()\n    await b()\n    ARMED and reach(X)\n    await c()\n"
    function = next(node for node in ast.parse(source).body if isinstance(node, ast.AsyncFunctionDef))
    assert [kind for kind, _ in steps(function)] == ["await", "await", "failpoint", "await"]
