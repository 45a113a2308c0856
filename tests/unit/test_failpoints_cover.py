"""Between any two awaits of the kernel, of a submit and of an act stands a failpoint: a test can kill the process there.

Read off the source: two awaits of one function with none between them fail this test.
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
    "self._learning",
    "self.between_batches",
    "self._ended",
    "self._settle",
    "self._subscription.between_batches",
    "consumer.getmany",
    "consumer.position",
    "self._poll",
    "_shares",
    "_fetched",
    "self._subscription.processed_offsets",
)
"""Awaits that change nothing anywhere: a wait, also for a commit, a bound, a poll, and the locks within one process."""

LIFECYCLE = {"start", "stop", "on_partitions_revoked", "on_partitions_assigned", "measure"}
"""Functions that handle no record."""


def steps(function: ast.AsyncFunctionDef) -> Iterator[tuple[str, int]]:
    """The awaits and failpoints of a function in source order: ("await" or "failpoint", line)."""
    found: list[tuple[int, int, str]] = []
    for node in ast.walk(function):
        if isinstance(node, ast.Await) and not _harmless(node.value):
            found.append((node.lineno, node.col_offset, "await"))
        elif isinstance(node, ast.AsyncWith | ast.AsyncFor):
            expressions = [item.context_expr for item in node.items] if isinstance(node, ast.AsyncWith) else [node.iter]
            if not all(_harmless(expression) for expression in expressions):
                found.append((node.lineno, node.col_offset, "await"))
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "reach":
            found.append((node.lineno, node.col_offset, "failpoint"))
    for line, _, kind in sorted(found):
        yield kind, line


def _harmless(expression: ast.expr) -> bool:
    text = ast.unparse(expression)
    return any(text.startswith(known) for known in HARMLESS)


def functions(path: str) -> list[ast.AsyncFunctionDef]:
    tree = ast.parse((ROOT / path).read_text())
    return [node for node in ast.walk(tree) if isinstance(node, ast.AsyncFunctionDef) and node.name not in LIFECYCLE]


@pytest.mark.parametrize("path", COVERED)
def test_two_awaits_have_a_failpoint_between_them(path: str) -> None:
    bare = []
    for function in functions(path):
        previous = "failpoint"
        for kind, line in steps(function):
            if kind == previous == "await":
                bare.append(f"{path}:{line} in {function.name}")
            previous = kind
    assert not bare


def test_the_check_itself_sees_two_bare_awaits() -> None:
    source = "async def f():\n    await a()\n    await b()\n    ARMED and reach(X)\n    await c()\n"
    function = next(node for node in ast.parse(source).body if isinstance(node, ast.AsyncFunctionDef))
    assert [kind for kind, _ in steps(function)] == ["await", "await", "failpoint", "await"]
