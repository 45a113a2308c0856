"""Programs are restarted when they die, stopped in order, and never outlive their supervisor."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from deploy.local import LocalStack, StackError, State, Step, supervised
from deploy.local.guard import is_running
from deploy.local.home import Home
from tests.integration.local_stack.harness import empty_stack, family, start_program
from tests.support.waiting import eventually


async def test_a_process_that_dies_is_restarted_and_reported(tmp_path: Path) -> None:
    steps: list[Step] = []
    async with empty_stack(tmp_path, steps) as stack:
        await start_program(stack, "one")
        before = stack.pid("one")
        await stack.kill("one")
        await stack.wait_ready("one")
        restarts = [step for step in steps if step.state is State.RESTARTING]

        assert stack.pid("one") != before
        assert stack.restarts("one") == 1
        assert [step.detail for step in restarts] == ["was killed by SIGKILL and restarts in 0.1 s (restart 1)"]
        assert Home(tmp_path).state()["programs"][0]["restarts"] == 1


async def test_kill_all_does_not_report_a_restart(tmp_path: Path) -> None:
    steps: list[Step] = []
    async with empty_stack(tmp_path, steps) as stack:
        await start_program(stack, "one")
        one = stack.pid("one")
        assert one is not None
        stack.kill_all()
        await eventually(lambda: _all_stopped(stack))
        assert not is_running(one)

    assert stack.was_killed
    assert State.RESTARTING not in {step.state for step in steps}


async def test_a_program_in_backoff_is_not_restarted_after_kill_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervised, "BACKOFF_SECONDS", (1.0,))
    steps: list[Step] = []
    async with empty_stack(tmp_path, steps) as stack:
        await start_program(stack, "one")
        await stack.kill("one")
        await eventually(lambda: _is_restarting(steps))
        stack.kill_all()
        await eventually(lambda: _all_stopped(stack))

    assert [step.state for step in steps].count(State.READY) == 1


async def _is_restarting(steps: list[Step]) -> bool:
    return steps[-1].state is State.RESTARTING


async def test_the_children_of_a_dead_process_are_killed_before_its_restart(tmp_path: Path) -> None:
    async with empty_stack(tmp_path) as stack:
        child = await _start_with_child(stack, tmp_path / "child")
        await stack.kill("one")
        await stack.wait_ready("one")

        assert not is_running(child)


async def test_sigkill_of_the_supervisor_leaves_no_process_behind(tmp_path: Path) -> None:
    supervisor = await asyncio.create_subprocess_exec(
        sys.executable, "-m", f"{__package__}.supervisor", str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert supervisor.stdout is not None
    assert await asyncio.wait_for(supervisor.stdout.readline(), 30) == b"up\n"
    processes = family(supervisor.pid)
    assert int((tmp_path / "child").read_text(encoding="ascii")) in processes
    assert len(processes) == len(("supervisor", "guard", "one", "its child", "two"))

    supervisor.kill()
    await supervisor.wait()

    await eventually(lambda: _none_alive(processes), within=5)


async def test_after_sigkill_of_the_supervisor_a_new_one_gets_the_same_ports(tmp_path: Path) -> None:
    supervisor = await asyncio.create_subprocess_exec(
        sys.executable, "-m", f"{__package__}.supervisor", str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert supervisor.stdout is not None
    assert await asyncio.wait_for(supervisor.stdout.readline(), 30) == b"up\n"
    before = Home(tmp_path).state()["programs"][0]["url"]
    supervisor.kill()
    await supervisor.wait()

    async with empty_stack(tmp_path) as stack:
        await start_program(stack, "one")
        assert f"http://127.0.0.1:{stack.port('one')}" == before


async def test_a_program_whose_parent_is_already_dead_does_not_start(tmp_path: Path) -> None:
    proof = tmp_path / "it-ran"
    spawn = Path("deploy/local/spawn.py").resolve()
    other_parent = str(os.getppid())
    wrapped = await asyncio.create_subprocess_exec(sys.executable, str(spawn), other_parent, "/bin/touch", str(proof))

    assert await wrapped.wait() == -signal.SIGKILL
    assert not proof.exists()


async def test_a_killed_guard_is_replaced_and_the_new_one_kills_all_groups(tmp_path: Path) -> None:
    async with empty_stack(tmp_path) as stack:
        child = await _start_with_child(stack, tmp_path / "child")
        guard = stack._groups._guard
        assert guard is not None
        guard.kill()
        await start_program(stack, "two")

        assert stack._groups._guard is not guard
    assert not is_running(child)


async def test_the_error_for_a_process_that_ends_before_it_is_ready(tmp_path: Path) -> None:
    async with empty_stack(tmp_path) as stack:
        with pytest.raises(StackError) as error:
            await stack.start_program(
                "broken", [sys.executable, "-c", "raise SystemExit('no such setting')"], ready=_no
            )

    log = tmp_path / "logs" / "broken.log"
    assert str(error.value) == f"broken ended with code 1 before it was ready (no such setting): see {log}."


async def test_the_error_for_a_process_that_does_not_become_ready(tmp_path: Path) -> None:
    async with empty_stack(tmp_path) as stack:
        with pytest.raises(StackError, match=r"slow was not ready after 2 s \(it answers 503.*slow\.log\.$"):
            await start_program(stack, "slow", {"NEVER_READY": "1"}, within=2)


async def test_a_process_that_ignores_sigterm_is_killed_after_stop_within(tmp_path: Path) -> None:
    async with empty_stack(tmp_path) as stack:
        await start_program(stack, "stubborn", {"STUBBORN": "1"}, stop=0.3)
        pid = stack.pid("stubborn")
        assert pid is not None
        await stack.stop("stubborn")

        assert not is_running(pid)


async def test_a_stopped_process_stays_down_until_it_is_restarted(tmp_path: Path) -> None:
    async with empty_stack(tmp_path) as stack:
        await start_program(stack, "one")
        await stack.stop("one")
        assert stack.pid("one") is None
        with pytest.raises(StackError, match="one is stopped"):
            await stack.wait_ready("one")

        await stack.restart("one")
        assert stack.pid("one") is not None


async def test_two_stacks_can_run_at_the_same_time_but_not_in_one_folder(tmp_path: Path) -> None:
    async with empty_stack(tmp_path / "a") as first, empty_stack(tmp_path / "b") as second:
        await asyncio.gather(start_program(first, "one"), start_program(second, "one"))
        assert first.port("one") != second.port("one")

        with pytest.raises(StackError, match=f"already runs in .*/a \\(pid {os.getpid()}\\): stop it with"):
            await empty_stack(tmp_path / "a").start()
        assert first.pid("one") is not None


async def test_ports_and_secrets_are_the_same_after_a_restart(tmp_path: Path) -> None:
    async with empty_stack(tmp_path) as stack:
        before = (stack.env, stack.port("extra"))
    async with empty_stack(tmp_path) as stack:
        assert (stack.env, stack.port("extra")) == before
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600


async def _start_with_child(stack: LocalStack, file: Path) -> int:
    await start_program(stack, "one", {"CHILD": "1", "CHILD_PID_FILE": str(file)})
    child = int(file.read_text(encoding="ascii"))
    assert is_running(child)
    return child


async def _all_stopped(stack: LocalStack) -> bool:
    return all(each.state is State.STOPPED for each in stack._programs.values())


async def _none_alive(pids: set[int]) -> bool:
    return not any(is_running(pid) for pid in pids)


async def _no() -> None:
    raise ConnectionRefusedError
