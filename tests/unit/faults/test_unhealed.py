"""A town that cannot be healed is a verdict like any other, and ends no run without one."""

from pathlib import Path

from deploy.local import StackError
from deploy.local.tier import EMBEDDED
from deploy.verification.recorder import Recorder
from tests.faults.runner import HEALED, Outcome, Run
from tests.faults.schedule import Schedule
from tests.faults.telling import ending
from tests.faults.town import Town

WHY = "postgres was not ready within 30 s."


class Ruin(Town):
    """Nothing in it runs, nor will again."""

    @property
    def counter(self) -> str:
        return "http://nowhere.invalid"

    async def heal(self) -> None:
        raise StackError(WHY)


class Unrecorded(Run):
    """There is no log to begin at."""

    async def _recorder(self) -> Recorder:
        return Recorder("", "", self.town.stack.home.mails, {}, frozenset())


async def outcome(tmp_path: Path) -> Outcome:
    return await Unrecorded(Ruin(tmp_path, EMBEDDED), Schedule("7/3", ())).play()


async def test_a_town_that_cannot_be_healed_fails_its_schedule(tmp_path: Path) -> None:
    unhealed = await outcome(tmp_path)
    assert not unhealed.passed
    assert [verdict.clause for verdict in unhealed.verdicts] == [HEALED]
    assert unhealed.done[-1].what == f"NOT HEALED: {WHY}"


async def test_its_verdict_says_why_and_how_to_run_it_again(tmp_path: Path) -> None:
    said = ending(await outcome(tmp_path), EMBEDDED)
    assert said.startswith("BROKEN: 0 of 1 clauses")
    assert WHY in said
    assert 'make faults ARGS="--seed 7 --only 3 --tier embedded"' in said
