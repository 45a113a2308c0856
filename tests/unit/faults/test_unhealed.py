"""When the faults cannot be ended, the schedule fails with a verdict like any other."""

from pathlib import Path

from deploy.local import StackError
from deploy.local.tier import EMBEDDED
from deploy.verification.recorder import Recorder
from tests.faults.environment import FaultsEnvironment
from tests.faults.failure_report import outcome_report
from tests.faults.runner import HEALED, Outcome, Run
from tests.faults.schedule import Schedule

WHY = "postgres was not ready within 30 s."


class BrokenEnvironment(FaultsEnvironment):
    """Nothing runs in it, and it cannot be healed."""

    @property
    def public_url(self) -> str:
        return "http://nowhere.invalid"

    async def heal(self) -> None:
        raise StackError(WHY)


class RunWithoutRecorder(Run):
    """There is no log to read."""

    async def _recorder(self) -> Recorder:
        return Recorder("", "", self.environment.stack.home.mails, {}, frozenset())


async def outcome(tmp_path: Path) -> Outcome:
    return await RunWithoutRecorder(BrokenEnvironment(tmp_path, EMBEDDED), Schedule("7/3", ())).play()


async def test_an_environment_that_cannot_be_healed_fails_its_schedule(tmp_path: Path) -> None:
    unhealed = await outcome(tmp_path)
    assert not unhealed.passed
    assert [verdict.clause for verdict in unhealed.verdicts] == [HEALED]
    assert unhealed.done[-1].what == f"NOT HEALED: {WHY}"


async def test_the_report_contains_the_reason_and_the_command_to_run_it_again(tmp_path: Path) -> None:
    report = outcome_report(await outcome(tmp_path), EMBEDDED)
    assert report.startswith("BROKEN: 0 of 1 clauses")
    assert WHY in report
    assert 'make faults ARGS="--seed 7 --only 3 --tier embedded"' in report
